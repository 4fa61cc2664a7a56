import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type WordPressApi } from '../../wp-bridge/client/http/transport.ts'
import type { ImageFile } from '../../wp-bridge/client/publish/media.ts'
import { publishPost } from '../../wp-bridge/client/publish/publish.ts'
import { article, imageFile } from './article.ts'
import { fileIntentLog } from './file-intent-log.ts'
import { startWordPress, type WordPress } from './wordpress.ts'

let wp: WordPress
let dir: string
let intentLog: ReturnType<typeof fileIntentLog>
let api: WordPressApi
beforeAll(async () => {
  wp = await startWordPress()
  dir = mkdtempSync(join(tmpdir(), 'igny8-intents-'))
  intentLog = fileIntentLog(join(dir, 'intents.json'))
  const { user: username, appPassword } = wp
  api = connect({ fetch, restRoot: `${wp.url}/wp-json/`, username, appPassword })
})
afterAll(async () => {
  await wp?.stop()
  rmSync(dir, { recursive: true, force: true })
})

async function publish(key: string, image: ImageFile) {
  const changes = { images: [image], featured: image.content_hash, tags: [] }
  const post = await article(key, { ...changes, renderContent: () => '<p>Text</p>' })
  const receipt = await publishPost({ api, post, intentLog, settleMs: 300 })
  return { ...receipt, id: receipt.attachments[0]!.id }
}
const sizesOf = async (id: number) =>
  JSON.parse(await wp.php(`echo json_encode(wp_get_attachment_metadata(${id})['sizes'] ?? null);`))
const altOf = (id: number) => wp.php(`echo get_post_meta(${id}, '_wp_attachment_image_alt', true);`)

/** Lets WordPress die while it makes sizes, so many times. */
async function dying(times: number): Promise<void> {
  await wp.setOption('die_sizing', times)
  await wp.addMuPlugin({
    name: 'dying',
    php: `<?php add_filter('wp_image_editors', function ($editors) {
      $left = (int) get_option('die_sizing');
      if ($left > 0) { update_option('die_sizing', $left - 1); http_response_code(500); die('Out of memory'); }
      return $editors; });`,
  })
}

it('makes WordPress finish the sizes of an image that it died on, and uploads it once', async () => {
  await dying(1)
  const image = await imageFile('sized-later')
  const { id, warnings } = await publish('sized-later', image)
  expect(warnings).toEqual([])
  expect(Object.keys(await sizesOf(id))).toContain('thumbnail')
  const copies = wp.query(
    `select ID from wp_posts where post_type = 'attachment' and post_name like ?`,
    `igny8-${image.content_hash.slice(0, 16)}%`,
  )
  expect(copies).toEqual([{ ID: id }])
  await wp.removeMuPlugin('dying')
})

it('publishes with an image that WordPress cannot resize, and warns', async () => {
  await dying(100)
  const { id, wp_status, warnings } = await publish('never-sized', await imageFile('never-sized'))
  expect(wp_status).toBe('publish')
  expect(warnings).toEqual([expect.stringContaining(`no smaller sizes of image ${id}`)])
  await wp.removeMuPlugin('dying')
})

it('sets and updates the alternative text, and keeps a person’s', async () => {
  const image = await imageFile('alternative')
  const { id } = await publish('alternative', image)
  expect(await altOf(id)).toBe(image.alt_text)
  await publish('alternative', { ...image, alt_text: 'Ours, anew' })
  expect(await altOf(id)).toBe('Ours, anew')
  await wp.php(`update_post_meta(${id}, '_wp_attachment_image_alt', 'By hand');`)
  await publish('alternative', { ...image, alt_text: 'Ours once more' })
  expect(await altOf(id)).toBe('By hand')
})

it('warns when WordPress stores a different alternative text', async () => {
  const php = `<?php add_filter('sanitize_post_meta__wp_attachment_image_alt', fn() => 'Changed');`
  await wp.addMuPlugin({ name: 'alt', php })
  const { warnings } = await publish('alt-changed', await imageFile('alt-changed'))
  expect(warnings).toEqual([expect.stringContaining('a different alternative text')])
  await wp.removeMuPlugin('alt')
})
