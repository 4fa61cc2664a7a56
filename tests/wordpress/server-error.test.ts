import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect } from '../../wp-bridge/client/transport.ts'
import { article } from './article.ts'
import { fileJournal } from './file-journal.ts'
import { holdings, onceEach } from './holdings.ts'
import { publishUntilDone } from './publish-until-done.ts'
import { startWordPress, type WordPress } from './wordpress.ts'

/** Longer than the test: nothing may wait for it. */
const SETTLE_MS = 3_600_000

let wp: WordPress
let dir: string
beforeAll(async () => {
  wp = await startWordPress()
  dir = mkdtempSync(join(tmpdir(), 'igny8-journal-'))
})
afterAll(async () => {
  await wp?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const failOnce = (hook: string) => `<?php
add_filter('${hook}', function ($value) {
  $mark = IGNY8_SITE_FOLDER . '/failed-${hook}';
  if (file_exists($mark)) return $value;
  touch($mark);
  return new WP_Error('db_insert_error', 'Could not insert it into the database', ['status' => 500]);
});`

it.each([
  ['the post', 'rest_pre_insert_post'],
  ['an image', 'rest_pre_insert_attachment'],
])('goes on at once when WordPress itself says that it failed to make %s', async (what, hook) => {
  const name = hook.replaceAll('_', '-')
  await wp.addMuPlugin({ name, php: failOnce(hook) })
  const post = await article(name)
  const journal = fileJournal(join(dir, `${name}.json`))
  const api = connect({
    fetch,
    restRoot: `${wp.url}/wp-json/`,
    username: wp.user,
    appPassword: wp.appPassword,
  })
  const receipt = await publishUntilDone({ api, post, journal, settleMs: SETTLE_MS })
  await wp.removeMuPlugin(name)
  expect(existsSync(join(wp.dir, `failed-${hook}`)), what).toBe(true)
  expect(receipt.wp_status).toBe('publish')
  expect(holdings(wp, post)).toEqual(onceEach(post))
})
