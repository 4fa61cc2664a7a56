import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT } from '../architecture/code-files.ts'
import { withPage } from '../helpers/chromium.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { linkedBlog, writeArticles } from '../publishing/linked-blog.ts'
import { installBridge } from '../wordpress/bridge.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'

/** README's picture. `SCREENSHOT=1` updates it. */
const FILE = path.join(ROOT, '.github/screenshot.webp')
const MAX_BYTES = 150_000
const TITLE = 'How to brew coffee without a machine'

let wordpress: WordPress
let service: TestService
let owner: Client
beforeAll(async () => {
  wordpress = await startWordPress()
  await installBridge(wordpress.root, wordpress.php)
  service = await startTestService({ allowPrivateSites: [new URL(wordpress.url).host] })
  owner = await service.owner()
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

it('shows a published article on WordPress beside the page in wp-admin', async () => {
  const place = await linkedBlog(owner, wordpress)
  await owner.get(`auth/sites/${place.site_id}/wordpress/doctor/`)
  const ids = await writeArticles(
    owner,
    place,
    [TITLE, 'Choosing a coffee grinder', 'Cold brew for beginners'],
    { images_per_task: 1 },
  )
  const run = await owner.run('writer/tasks/publish/', { ids: ids.slice(0, 2) })
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
  const { body } = await owner.get<{ post_url: string }>(`writer/tasks/${ids[0]}/`)
  const article = await withPage(body.post_url, async (page) => {
    await page.getByRole('heading', { name: TITLE }).first().waitFor()
    // So that more than the picture is seen.
    await page.addStyleTag({ content: 'body { zoom: 0.6 }' })
    return page.screenshot()
  })
  const admin = await withPage(`${wordpress.url}/wp-login.php`, async (page) => {
    await page.fill('#user_login', wordpress.user)
    await page.fill('#user_pass', wordpress.password)
    await page.click('#wp-submit')
    await page.goto(`${wordpress.url}/wp-admin/admin.php?page=igny8-bridge`)
    await page.getByRole('row', { name: new RegExp(TITLE) }).waitFor()
    return page.screenshot()
  })
  const picture = await sideBySide(article, admin)
  if (process.env.SCREENSHOT) writeFileSync(FILE, picture)
  const kept = await sharp(readFileSync(FILE)).metadata()
  const { width, height } = await sharp(picture).metadata()
  expect(kept).toMatchObject({ format: 'webp', width, height })
  expect(readFileSync(FILE).length).toBeLessThan(MAX_BYTES)
}, 180_000)

async function sideBySide(left: Buffer, right: Buffer): Promise<Buffer> {
  const { width = 0, height = 0 } = await sharp(left).metadata()
  const gap = 24
  const canvas = { width: 2 * width + gap, height, channels: 3, background: '#d0d7de' } as const
  const both = await sharp({ create: canvas })
    .composite([
      { input: left, left: 0, top: 0 },
      { input: right, left: width + gap, top: 0 },
    ])
    .png()
    .toBuffer()
  return sharp(both).resize({ width: 1600 }).webp({ quality: 80 }).toBuffer()
}
