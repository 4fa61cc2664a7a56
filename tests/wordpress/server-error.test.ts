import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect } from '../../wp-bridge/client/http/transport.ts'
import { publishPost } from '../../wp-bridge/client/publish/publish.ts'
import { article } from './article.ts'
import { fileIntentLog } from './file-intent-log.ts'
import { holdings, onceEach } from './holdings.ts'
import { publishUntilDone } from './publish-until-done.ts'
import { startWordPress, type WordPress } from './wordpress.ts'

/** Longer than the test: nothing may wait for it. */
const SETTLE_MS = 3_600_000

let wp: WordPress
let dir: string
beforeAll(async () => {
  wp = await startWordPress()
  dir = mkdtempSync(join(tmpdir(), 'igny8-intents-'))
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
  const intentLog = fileIntentLog(join(dir, `${name}.json`))
  const api = connect({
    fetch,
    restRoot: `${wp.url}/wp-json/`,
    username: wp.user,
    appPassword: wp.appPassword,
  })
  const receipt = await publishUntilDone({ api, post, intentLog, settleMs: SETTLE_MS })
  await wp.removeMuPlugin(name)
  expect(existsSync(join(wp.dir, `failed-${hook}`)), what).toBe(true)
  expect(receipt.wp_status).toBe('publish')
  expect(holdings(wp, post)).toEqual(onceEach(post))
})

const apiOf = () =>
  connect({
    fetch,
    restRoot: `${wp.url}/wp-json/`,
    username: wp.user,
    appPassword: wp.appPassword,
  })

it('leaves out a term that WordPress cannot insert, and makes it in the next publication', async () => {
  const php = `<?php add_filter('pre_insert_term', fn($term) => strpos($term, 'cold') === 0
    ? new WP_Error('db_insert_error', 'Could not insert term into the database.') : $term);`
  await wp.addMuPlugin({ name: 'no-terms', php })
  const post = await article('terms')
  const intentLog = fileIntentLog(join(dir, 'terms.json'))
  const request = { api: apiOf(), post, intentLog, settleMs: SETTLE_MS }
  const receipt = await publishPost({ ...request, publication: 'one', retries: 2 })
  expect(receipt.fields.find(({ field }) => field === 'tags')).toMatchObject({
    note: expect.stringContaining('cold terms'),
  })
  expect(holdings(wp, post).terms).toEqual(['Brewing terms', 'hot terms'])
  await wp.removeMuPlugin('no-terms')
  await publishUntilDone({ ...request, publication: 'two' })
  expect(holdings(wp, post)).toEqual(onceEach(post))
})

it('finds the post that a firewall hid behind a refusal, once the request has settled', async () => {
  // A firewall that looks at answers: WordPress has made the post, and a page is sent instead. What
  // was made is overlooked at first, as by a cache in front of the site.
  await wp.addMuPlugin({
    name: 'hidden',
    php: `<?php
    add_action('rest_after_insert_post', function () {
      if (get_option('hidden_once')) return;
      update_option('hidden_once', time());
      http_response_code(403); header('Content-Type: text/html'); die('<h1>Response blocked</h1>');
    });
    add_filter('rest_post_query', function ($query) {
      if (time() - (int) get_option('hidden_once') < 3) $query['post__in'] = [0];
      return $query; });`,
  })
  const post = await article('hidden', { images: [], featured: null, tags: [], category: null })
  const intentLog = fileIntentLog(join(dir, 'hidden.json'))
  const request = { api: apiOf(), post, intentLog, publication: 'one', settleMs: 4_000 }
  await expect(publishPost(request)).rejects.toMatchObject({
    code: 'outcome_pending',
    message: expect.stringContaining('Response blocked'),
  })
  const receipt = await publishUntilDone(request)
  await wp.removeMuPlugin('hidden')
  expect(receipt.wp_status).toBe('publish')
  expect(holdings(wp, post).posts).toEqual(['publish'])
})
