import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type WordPressApi } from '../../wp-bridge/client/http/transport.ts'
import { seenLive } from '../../wp-bridge/client/publish/live.ts'
import { marker } from '../../wp-bridge/client/publish/marker.ts'
import type { PostDraft } from '../../wp-bridge/client/publish/post-draft.ts'
import { publishPost } from '../../wp-bridge/client/publish/publish.ts'
import { unpublishPost } from '../../wp-bridge/client/publish/unpublish.ts'
import { article, imageFile } from './article.ts'
import { fileIntentLog } from './file-intent-log.ts'
import { startWordPress, type WordPress } from './wordpress.ts'

let wp: WordPress
let dir: string
let intentLog: ReturnType<typeof fileIntentLog>
let api: WordPressApi

function apiOf({ user, appPassword }: { user: string; appPassword: string }): WordPressApi {
  return connect({ fetch, restRoot: `${wp.url}/wp-json/`, username: user, appPassword })
}

const publish = (post: PostDraft, as = api) =>
  publishPost({ api: as, post, intentLog, settleMs: 1_500 })

const stored = (id: number) => wp.query('select * from wp_posts where ID = ?', id)[0]!

const field = (receipt: Awaited<ReturnType<typeof publish>>, name: string) =>
  receipt.fields.find(({ field }) => field === name)

beforeAll(async () => {
  wp = await startWordPress()
  dir = mkdtempSync(join(tmpdir(), 'igny8-intents-'))
  intentLog = fileIntentLog(join(dir, 'intents.json'))
  api = apiOf(wp)
})
afterAll(async () => {
  await wp?.stop()
  rmSync(dir, { recursive: true, force: true })
})

describe('publishing an article', () => {
  it('creates one post with everything that was sent, and reports each field', async () => {
    const post = await article('whole')
    const receipt = await publish(post)
    expect(receipt.fields.map(({ field, state }) => [field, state])).toEqual(
      ['title', 'content', 'excerpt', 'slug', 'status', 'featured_media', 'categories', 'tags'].map(
        (name) => [name, 'applied'],
      ),
    )
    expect(receipt).toMatchObject({ wp_status: 'publish', slug: post.slug, warnings: [] })
    expect(receipt.url).toBe(`${wp.url}/${post.slug}/`)
    expect(stored(receipt.post_id)).toMatchObject({
      post_title: 'How to brew & serve whole',
      post_excerpt: post.excerpt,
      post_status: 'publish',
      post_content: post.renderContent(receipt.attachments),
    })
    const terms = wp.query(
      `select taxonomy, name from wp_term_relationships join wp_term_taxonomy using (term_taxonomy_id)
        join wp_terms using (term_id) where object_id = ? order by taxonomy, name`,
      receipt.post_id,
    )
    expect(terms).toEqual([
      { taxonomy: 'category', name: 'Brewing whole' },
      { taxonomy: 'post_tag', name: 'cold whole' },
      { taxonomy: 'post_tag', name: 'hot whole' },
    ])
  })

  it('gives each attachment its title, its alt text and its sizes', async () => {
    const { attachments } = await publish(await article('whole'))
    for (const { id, url, alt_text, width } of attachments) {
      const [alt] = wp.query(
        `select meta_value from wp_postmeta where post_id = ? and meta_key = '_wp_attachment_image_alt'`,
        id,
      )
      expect(alt?.meta_value).toBe(alt_text)
      expect(stored(id).post_title).toMatch(/^Title of whole-/)
      expect(width).toBe(320)
      expect((await fetch(url)).headers.get('content-type')).toBe('image/webp')
    }
  })

  it('shows the post at its address, and not once it is a draft again', async () => {
    const post = await article('seen')
    const { url, post_id } = await publish(post)
    expect(await seenLive(fetch, url, 'seen')).toEqual({ seen: true })
    expect(await seenLive(fetch, url, 'unseen')).toMatchObject({ seen: false })
    expect(await unpublishPost({ api, intentLog, post })).toMatchObject({
      wp_status: 'draft',
      post_id,
    })
    expect(await seenLive(fetch, url, 'seen')).toMatchObject({ seen: false })
    expect(stored(post_id).post_status).toBe('draft')
    expect(await publish(post)).toMatchObject({ post_id, wp_status: 'publish' })
  })

  it('schedules a post, and publishes it at once on request', async () => {
    const date_gmt = '2031-05-04T06:00:00Z'
    const post = await article('later', { status: 'future', date_gmt })
    const scheduled = await publish(post)
    expect(scheduled).toMatchObject({ wp_status: 'future' })
    expect(field(scheduled, 'date_gmt')).toMatchObject({ state: 'applied' })
    const now = await publish({ ...post, status: 'publish', date_gmt: undefined })
    expect(now).toMatchObject({ post_id: scheduled.post_id, wp_status: 'publish' })
  })

  it('compares a slug in another script in decoded form', async () => {
    const receipt = await publish(await article('greek', { slug: 'κρύος-καφές' }))
    expect(field(receipt, 'slug')).toMatchObject({ state: 'applied' })
    expect(await seenLive(fetch, receipt.url, 'greek')).toEqual({ seen: true })
  })

  it.each(['draft', 'pending'] as const)('creates a post with the status %s', async (status) => {
    expect(await publish(await article(status, { status }))).toMatchObject({ wp_status: status })
  })

  it('creates a deleted category and tag again', async () => {
    const category = 'Short-lived'
    const tags = ['passing']
    await publish(await article('before', { category, tags, images: [], featured: null }))
    await wp.php(`wp_delete_term(get_term_by('name', 'Short-lived', 'category')->term_id, 'category');
      wp_delete_term(get_term_by('name', 'passing', 'post_tag')->term_id, 'post_tag');`)
    const again = await publish(
      await article('after', { category, tags, images: [], featured: null }),
    )
    for (const name of ['categories', 'tags']) {
      expect(field(again, name)).toMatchObject({ state: 'applied' })
    }
  })

  it('uses a category that exists in another case, and one image for two articles', async () => {
    const image = await imageFile('shared')
    const first = await publish(await article('one', { images: [image], category: 'Tea & Time' }))
    const second = await publish(await article('two', { images: [image], category: 'tea & TIME' }))
    expect(second.attachments[0]?.id).toBe(first.attachments[0]?.id)
    expect(field(second, 'categories')?.got).toEqual(field(first, 'categories')?.got)
  })
})

describe('publishing an article again', () => {
  it('updates the post, whatever the intent log has on its images', async () => {
    const post = await article('again')
    const first = await publish(post)
    const second = await publish({ ...post, title: 'Another title' })
    expect(second.post_id).toBe(first.post_id)
    expect(second.attachments.map(({ id }) => id)).toEqual(first.attachments.map(({ id }) => id))
    expect(stored(first.post_id).post_title).toBe('Another title')
  })

  it('does not overwrite what a person edited in WordPress', async () => {
    const post = await article('edited')
    const { post_id } = await publish(post)
    await wp.php(`wp_update_post(['ID' => ${post_id}, 'post_title' => 'A better title']);`)
    const again = await publish(post)
    expect(field(again, 'title')).toMatchObject({
      note: expect.stringContaining('igny8 kept that change'),
    })
    expect(stored(post_id).post_title).toBe('A better title')
    const ours = { ...post, title: 'Our new title' }
    await expect(publish(ours)).rejects.toMatchObject({ code: 'merge_conflict' })
    expect(stored(post_id).post_title).toBe('A better title')
  })

  it('does not overwrite markup that a person added without words', async () => {
    const post = await article('bold')
    const { post_id } = await publish(post)
    await wp.php(`$p = get_post(${post_id}); wp_update_post(wp_slash(['ID' => ${post_id},
      'post_content' => str_replace('An article', '<strong>An</strong> article', $p->post_content)]));`)
    await publish(post)
    expect(stored(post_id).post_content).toContain('<strong>An</strong> article')
  })

  it('keeps the tags that a person chose, and notes it', async () => {
    const post = await article('retagged')
    const { post_id } = await publish(post)
    await wp.php(`wp_set_post_tags(${post_id}, 'by hand');`)
    const receipt = await publish({ ...post, title: 'New title' })
    expect(field(receipt, 'tags')?.note).toMatch(/igny8 kept that change/)
    expect(
      await wp.php(`echo implode(',', wp_get_post_tags(${post_id}, ['fields' => 'names']));`),
    ).toBe('by hand')
    expect(stored(post_id).post_title).toBe('New title')
  })

  it('does not write to a post in the trash', async () => {
    const post = await article('trashed')
    const { post_id } = await publish(post)
    await wp.php(`wp_trash_post(${post_id});`)
    await expect(publish(post)).rejects.toMatchObject({ code: 'post_trashed' })
    expect(stored(post_id).post_status).toBe('trash')
  })

  it('finds a post in the trash without an intent log', async () => {
    const post = await article('trashed-unknown')
    const { post_id } = await publish(post)
    await wp.php(`wp_trash_post(${post_id});`)
    const emptyLog = fileIntentLog(join(dir, 'empty.json'))
    const again = publishPost({ api, post, intentLog: emptyLog, settleMs: 1_500 })
    await expect(again).rejects.toMatchObject({ code: 'post_trashed' })
  })

  it('creates a new post when the old one was deleted permanently', async () => {
    const post = await article('deleted')
    const { post_id } = await publish(post)
    await wp.php(`wp_delete_post(${post_id}, true);`)
    const receipt = await publish(post)
    expect(receipt.post_id).not.toBe(post_id)
    expect(receipt.warnings[0]).toContain(`${post_id} of the article no longer exists`)
  })

  it('adopts the oldest copy made in WordPress, and reports the others', async () => {
    const post = await article('copied')
    const { post_id } = await publish(post)
    const copy = await wp.php(`$p = get_post(${post_id}, ARRAY_A); unset($p['ID']);
      echo wp_insert_post(wp_slash($p));`)
    const emptyLog = fileIntentLog(join(dir, 'empty.json'))
    const receipt = await publishPost({ api, post, intentLog: emptyLog, settleMs: 1_500 })
    expect(receipt.post_id).toBe(post_id)
    expect(receipt.warnings[0]).toContain(copy)
  })

  it('does not mistake the post of a longer key for its own', async () => {
    const longer = await publish(await article('t1-2'))
    const shorter = await publish(await article('t1'))
    expect(shorter.post_id).not.toBe(longer.post_id)
  })
})

describe('publishing as another role', () => {
  it('keeps the marker and reports the category as an author', async () => {
    const author = apiOf(await wp.addUser('ann', 'author'))
    const post = await article('authored', {
      renderContent: () =>
        `<!-- wp:paragraph {"className":"${marker('authored')}"} -->\n<p class="${marker('authored')}">Text<script>alert(1)</script></p>\n<!-- /wp:paragraph -->`,
    })
    const receipt = await publish(post, author)
    expect(stored(receipt.post_id).post_content).toContain(`class="${marker('authored')}"`)
    expect(stored(receipt.post_id).post_content).not.toContain('<script')
    expect(field(receipt, 'content')).toMatchObject({ state: 'altered' })
    expect(field(receipt, 'categories')).toMatchObject({
      state: 'dropped',
      note: expect.stringContaining('Brewing authored'),
    })
    expect(field(receipt, 'tags')).toMatchObject({ state: 'applied' })
    expect(await seenLive(fetch, receipt.url, 'authored')).toEqual({ seen: true })
    expect((await publish(post, author)).post_id).toBe(receipt.post_id)
  })

  it('submits the post of a contributor for review, and finds it without its slug', async () => {
    const contributor = apiOf(await wp.addUser('carl', 'contributor'))
    const post = await article('contributed', { images: [], featured: null })
    const receipt = await publish(post, contributor)
    expect(receipt).toMatchObject({ wp_status: 'pending' })
    expect(field(receipt, 'status')).toMatchObject({ state: 'altered', sent: 'publish' })
    expect(field(receipt, 'slug')).toMatchObject({ state: 'dropped' })
    const emptyLog = fileIntentLog(join(dir, 'empty-2.json'))
    const again = await publishPost({
      api: contributor,
      post,
      intentLog: emptyLog,
      settleMs: 1_500,
    })
    expect(again.post_id).toBe(receipt.post_id)
  })

  it('reports that a contributor cannot upload images', async () => {
    const contributor = apiOf(await wp.addUser('cora', 'contributor'))
    const publishing = publish(await article('imageless'), contributor)
    await expect(publishing).rejects.toMatchObject({ code: 'cannot_upload_files' })
    expect(Object.values(intentLog.entries()).every(({ intent_at }) => intent_at === null)).toBe(
      true,
    )
  })
})
