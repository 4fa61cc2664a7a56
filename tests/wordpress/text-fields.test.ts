import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type WordPressApi } from '../../wp-bridge/client/http/transport.ts'
import type { Conflict } from '../../wp-bridge/client/merge/edits.ts'
import type { PostDraft } from '../../wp-bridge/client/publish/post-draft.ts'
import { type PublishRequest, publishPost } from '../../wp-bridge/client/publish/publish.ts'
import { withPage } from '../helpers/chromium.ts'
import { article, imageFile } from './article.ts'
import { installBridge } from './bridge.ts'
import { fileIntentLog } from './file-intent-log.ts'
import { startWordPress, type WordPress } from './wordpress.ts'
import type { Kind } from './wordpress-site.ts'

/** Texts that WordPress, a plugin, a theme or a browser would act on if they were HTML. */
const TEXTS = {
  script: 'x<img src=y onerror=alert(1)><script>alert(2)</script></title></h1>',
  tag: 'What does the <div> tag do? <b>Bold</b>',
  signs: 'AT&T, a < b, c > d, R&D; &amp; &lt;i&gt; &copy y 🙂 100% %ab',
  shortcode: '[igny8_test] [gallery ids="1"]',
  variables: '%%title%% %title% #post_title %%sep%%',
  block: '<!-- wp:html --><script>alert(3)</script><!-- /wp:html -->',
  cdata: 'It ends with ]]> in XML ]]&gt; and ]]',
}
type Name = keyof typeof TEXTS
const NAMES = Object.keys(TEXTS) as Name[]

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'igny8-intents-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Themes and plugins do this to titles and excerpts. */
const EAGER = `<?php
remove_action('wp_head', 'print_emoji_detection_script', 7);
add_action('admin_init', fn() => remove_action('admin_print_scripts', 'print_emoji_detection_script'));
add_shortcode('igny8_test', fn() => '<script>alert(4)</script>');
add_filter('the_title', 'do_shortcode');
add_filter('the_excerpt', 'do_shortcode');
add_filter('get_the_excerpt', 'do_blocks');`

/** An author's HTML is filtered, an administrator's is not. */
const WAYS = [
  ['core REST as an administrator', false, 'admin'],
  ['the plugin as an author', true, 'author'],
  ['core REST as an author', false, 'author'],
  ['the plugin as an administrator', true, 'admin'],
] as const

describe.each<Kind & { ways: readonly (typeof WAYS)[number][] }>([
  { version: '6.1', database: 'sqlite', ways: WAYS },
  { version: '6.5', database: 'sqlite', ways: WAYS.slice(0, 1) },
])('WordPress $version', ({ ways, ...kind }) => {
  let wp: WordPress
  let author: { user: string; appPassword: string }
  beforeAll(async () => {
    wp = await startWordPress({ ...kind, muPlugins: [{ name: 'eager', php: EAGER }] })
    await installBridge(wp.root, wp.php)
    author = await wp.addUser('ann', 'author')
    await wp.setOption('posts_per_rss', 100)
  })
  afterAll(async () => wp?.stop())

  const apiOf = ({ user, appPassword }: { user: string; appPassword: string }): WordPressApi =>
    connect({ fetch, restRoot: `${wp.url}/wp-json/`, username: user, appPassword })

  describe.each(ways)('through %s', (_, hasBridge, as) => {
    const intentLog = () => fileIntentLog(join(dir, `${kind.version}-${hasBridge}-${as}.json`))
    const publish = (post: PostDraft, more: Partial<PublishRequest> = {}) => {
      const api = apiOf(as === 'admin' ? wp : author)
      return publishPost({ api, post, intentLog: intentLog(), settleMs: 1_500, hasBridge, ...more })
    }
    const keyOf = (name: string) => `${name}-${hasBridge ? 'bridge' : 'core'}-${as}`
    const tagOf = (name: Name) => `${TEXTS[name].slice(0, 60)} ${as}`
    const draft = async (name: Name, changes: Partial<PostDraft> = {}) => {
      const image = { ...(await imageFile(keyOf(name))), title: TEXTS[name], alt_text: TEXTS[name] }
      return article(keyOf(name), {
        title: TEXTS[name],
        excerpt: TEXTS[name],
        category: null,
        tags: [tagOf(name)],
        images: [image],
        featured: image.content_hash,
        extras: {
          seo: { title: TEXTS[name], description: TEXTS[name] },
          schema: { article: true, faq: [] },
        },
        ...changes,
      })
    }
    const rawOf = (id: number) =>
      wp.query('select post_title, post_excerpt from wp_posts where ID = ?', id)[0]!

    it('shows texts exactly as written on the page, in the feed and in wp-admin', async () => {
      const urls: Record<string, string> = {}
      for (const name of NAMES) {
        const receipt = await publish(await draft(name))
        urls[name] = receipt.url
        const core = receipt.fields.filter(({ field }) => !/^(seo|schema)/.test(field))
        expect(core.filter(({ state }) => state !== 'applied')).toEqual([])
        expect(core.find(({ field }) => field === 'title')).toMatchObject({
          sent: TEXTS[name],
          got: TEXTS[name],
        })
        expect(receipt.warnings).toEqual([])
        expect(receipt.attachments[0]!.alt_text).toBe(TEXTS[name])
      }
      await withPage(`${wp.url}/wp-login.php`, async (page) => {
        const dialogs: string[] = []
        page.on('dialog', async (dialog) => {
          dialogs.push(`${page.url()}: ${dialog.message()}`)
          await dialog.dismiss()
        })
        for (const name of NAMES) {
          const shown = await shownAt(page, urls[name]!)
          expect(shown, name).toEqual({
            title: plain(TEXTS[name]),
            document: expect.stringContaining(plain(TEXTS[name])),
            alt: TEXTS[name],
            tags: expect.arrayContaining([plain(tagOf(name).replaceAll(']]>', ']] >'))]),
          })
        }
        await page.goto(`${wp.url}/wp-login.php`)
        await page.fill('#user_login', wp.user)
        await page.fill('#user_pass', wp.password)
        await page.click('#wp-submit')
        await page.goto(`${wp.url}/wp-admin/edit.php?mode=excerpt`)
        const listed = await page.locator('a.row-title').allInnerTexts()
        for (const name of NAMES) expect(listed.map(plain)).toContain(plain(TEXTS[name]))
        await page.goto(`${wp.url}/wp-admin/upload.php?mode=list`)
        await page.goto(`${wp.url}/wp-admin/edit-tags.php?taxonomy=post_tag`)
        await page.goto(`${wp.url}/`)
        expect(dialogs).toEqual([])
        const items = await feed(page, `${wp.url}/feed/`)
        for (const name of NAMES) {
          const item = items.find(({ link }) => link === urls[name])
          expect(plain(item!.title), name).toBe(plain(TEXTS[name]))
          expect(plain(item!.description), name).toContain(plain(TEXTS[name]))
        }
      })
    })

    it('updates its own texts and terms without mistaking them for edits', async () => {
      for (const name of ['tag', 'signs', 'shortcode', 'cdata'] as const) {
        const before = await publish(await draft(name))
        const title = `${TEXTS[name]} anew`
        const receipt = await publish(await draft(name, { title }))
        expect(receipt.post_id).toBe(before.post_id)
        const states = receipt.fields.map(({ field, note }) => [field, note])
        expect(states.filter(([field, note]) => note && !/^(seo|schema)/.test(field!))).toEqual([])
        expect(receipt.fields.find(({ field }) => field === 'title')).toMatchObject({ got: title })
      }
      const terms = wp.query(
        `select name, count(*) as times from wp_terms group by name having count(*) > 1`,
      )
      expect(terms).toEqual([])
    })

    it('keeps markup that a person wrote, and applies a decision as text', async () => {
      const key = keyOf('persons')
      const first = await article(key, { title: 'A & B <i>', images: [] })
      const { post_id } = await publish(first)
      const edit = (title: string) =>
        wp.php(`kses_remove_filters();
          wp_update_post(wp_slash(['ID' => ${post_id}, 'post_title' => '${title}']));`)
      await edit('<em>By hand</em> & so on')
      await publish(first)
      await publish(first)
      expect(rawOf(post_id).post_title).toMatch(/^<em>By hand<\/em> &(amp;)? so on$/)
      const second = await article(key, { title: 'Ours <i>', images: [] })
      const error = await publish(second).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'merge_conflict' })
      const { conflict_id, clashes } = (error as { data: Conflict }).data
      expect(clashes).toEqual([
        { field: 'title', base: 'A & B <i>', ours: 'Ours <i>', theirs: '<em>By hand</em> & so on' },
      ])
      const choices = [{ text: 'Decided <script>alert(1)</script>' }]
      await publish(second, { resolution: { conflict_id, choices } })
      expect(rawOf(post_id).post_title).toMatch(
        /^Decided &lt;script&gt;alert\(1\)&lt;\/script&gt;$/,
      )
    })
  })
})

/** What a visitor sees of a post. */
async function shownAt(page: Page, url: string) {
  await page.goto(url, { waitUntil: 'load' })
  const seen = await page.evaluate(() => ({
    title: document.querySelector('h1')?.textContent ?? '',
    document: document.title,
    alt: document.querySelector('img.wp-post-image')?.getAttribute('alt') ?? '',
    tags: Array.from(document.querySelectorAll('a[rel~=tag]'), (link) => link.textContent),
  }))
  const { title, document: heading, tags } = seen
  return { ...seen, title: plain(title), document: plain(heading), tags: tags.map(plain) }
}

function feed(page: Page, url: string) {
  return page.evaluate(async (address) => {
    const xml = await (await fetch(address)).text()
    const tree = new DOMParser().parseFromString(xml, 'text/xml')
    return [...tree.querySelectorAll('item')].map((item) => ({
      link: item.querySelector('link')?.textContent ?? '',
      title: item.querySelector('title')?.textContent ?? '',
      description:
        new DOMParser().parseFromString(
          item.querySelector('description')?.textContent ?? '',
          'text/html',
        ).body.textContent ?? '',
    }))
  }, url)
}

/** Without WordPress's typography. */
function plain(text: string): string {
  return text
    .replace(/[“”″]/g, '"')
    .replace(/[‘’′]/g, "'")
    .replaceAll('–', '--')
    .replaceAll('×', 'x')
    .replace(/\s+/g, ' ')
    .trim()
}
