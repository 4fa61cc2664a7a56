import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type WordPressApi } from '../../wp-bridge/client/http/transport.ts'
import type { Conflict } from '../../wp-bridge/client/merge/edits.ts'
import { marker } from '../../wp-bridge/client/publish/marker.ts'
import type { PostDraft } from '../../wp-bridge/client/publish/post-draft.ts'
import { type PublishRequest, publishPost } from '../../wp-bridge/client/publish/publish.ts'
import { unpublishPost } from '../../wp-bridge/client/publish/unpublish.ts'
import { article } from './article.ts'
import { installBridge } from './bridge.ts'
import { fileIntentLog } from './file-intent-log.ts'
import { startWordPress, type WordPress } from './wordpress.ts'

let wp: WordPress
let dir: string
let intentLog: ReturnType<typeof fileIntentLog>
let api: WordPressApi
beforeAll(async () => {
  wp = await startWordPress()
  await installBridge(wp.root, wp.php)
  dir = mkdtempSync(join(tmpdir(), 'igny8-intents-'))
  intentLog = fileIntentLog(join(dir, 'intents.json'))
  const { user: username, appPassword } = wp
  api = connect({ fetch, restRoot: `${wp.url}/wp-json/`, username, appPassword })
})
afterAll(async () => {
  await wp?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const paragraph = (text: string, className = '') =>
  className
    ? `<!-- wp:paragraph {"className":"${className}"} -->\n<p class="${className}">${text}</p>\n<!-- /wp:paragraph -->`
    : `<!-- wp:paragraph -->\n<p>${text}</p>\n<!-- /wp:paragraph -->`

/** An article of these paragraphs, the first of them marked. */
const draft = (key: string, texts: string[], changes: Partial<PostDraft> = {}) =>
  article(key, {
    images: [],
    featured: null,
    tags: [],
    renderContent: () =>
      texts.map((text, at) => paragraph(text, at === 0 ? marker(key) : '')).join('\n\n'),
    ...changes,
  })

const contentOf = (id: number) =>
  String(wp.query('select post_content from wp_posts where ID = ?', id)[0]!.post_content)
const textsOf = (id: number) =>
  [...contentOf(id).matchAll(/<p[^>]*>(.*?)<\/p>/g)].map(([, text]) => text)
/** By a person who may write any HTML. */
const edit = (id: number, from: string, to: string) =>
  wp.php(`kses_remove_filters(); $p = get_post(${id}); wp_update_post(wp_slash(['ID' => ${id},
    'post_content' => str_replace(base64_decode('${btoa(from)}'), base64_decode('${btoa(to)}'), $p->post_content)]));`)

describe.each([
  ['core REST', false],
  ['the plugin', true],
])('an update through %s', (_, hasBridge) => {
  const key = (name: string) => `${hasBridge ? 'bridge' : 'core'}-${name}`
  const publish = (post: PostDraft, more: Partial<PublishRequest> = {}) =>
    publishPost({ api, post, intentLog, settleMs: 1_500, hasBridge, ...more })

  it('keeps a person’s changes and applies those of the article, repeatedly', async () => {
    const k = key('both')
    const { post_id } = await publish(await draft(k, ['One.', 'Two.', 'Three.', 'Four.', 'Five.']))
    await edit(post_id, 'Two.', 'Two, by hand.')
    const receipt = await publish(
      await draft(k, ['One.', 'Two.', 'Three.', 'Four, ours.', 'Five.']),
    )
    expect(textsOf(post_id)).toEqual(['One.', 'Two, by hand.', 'Three.', 'Four, ours.', 'Five.'])
    expect(receipt.fields.find(({ field }) => field === 'content')?.note).toMatch(/Merged/)
    await publish(await draft(k, ['One.', 'Two.', 'Three.', 'Four, ours.', 'Five.', 'Six.']))
    expect(textsOf(post_id)).toEqual([
      'One.',
      'Two, by hand.',
      'Three.',
      'Four, ours.',
      'Five.',
      'Six.',
    ])
    await edit(post_id, paragraph('Three.'), '')
    await publish(await draft(k, ['One.', 'Two.', 'Three.', 'Four, ours.', 'Five.', 'Six, ours.']))
    expect(textsOf(post_id)).toEqual([
      'One.',
      'Two, by hand.',
      'Four, ours.',
      'Five.',
      'Six, ours.',
    ])
  })

  it('does not mistake the filters of WordPress for a person’s changes', async () => {
    const php = `<?php add_filter('content_save_pre', fn($c) => str_replace('<p>', '<p data-f="1">', $c));`
    await wp.addMuPlugin({ name: 'filters', php })
    const k = key('filtered')
    const { post_id } = await publish(await draft(k, ['One.', 'Two.', 'Three.', 'Four.']))
    expect(contentOf(post_id)).toContain('data-f')
    await publish(await draft(k, ['One.', 'Two, ours.', 'Three.', 'Four.']))
    expect(textsOf(post_id)).toEqual(['One.', 'Two, ours.', 'Three.', 'Four.'])
    await edit(post_id, 'Four.', 'Four, by hand.')
    await publish(await draft(k, ['One.', 'Two, ours again.', 'Three.', 'Four.']))
    expect(textsOf(post_id)).toEqual(['One.', 'Two, ours again.', 'Three.', 'Four, by hand.'])
    await wp.removeMuPlugin('filters')
  })

  it('overwrites nothing on a conflict, and applies the decision', async () => {
    const k = key('clash')
    const { post_id } = await publish(await draft(k, ['One.', 'Two.', 'Three.']))
    await edit(post_id, 'Two.', 'Two, by hand.')
    await wp.php(`wp_update_post(['ID' => ${post_id}, 'post_title' => 'By hand']);`)
    const before = contentOf(post_id)
    const ours = await draft(k, ['One.', 'Two, ours.', 'Three, ours.'], { title: 'Ours' })
    const error = await publish(ours).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'merge_conflict', retryable: false })
    const { conflict_id, clashes } = (error as { data: Conflict }).data
    expect(clashes).toEqual([
      { field: 'title', base: `How to brew & serve ${k}`, ours: 'Ours', theirs: 'By hand' },
      {
        field: 'content',
        base: paragraph('Two.'),
        ours: paragraph('Two, ours.'),
        theirs: paragraph('Two, by hand.'),
      },
    ])
    expect(contentOf(post_id)).toBe(before)
    const choices = ['theirs' as const, { text: paragraph('Two, together.') }]
    const stale = publish(ours, { resolution: { conflict_id: 'another', choices } })
    await expect(stale).rejects.toMatchObject({ code: 'merge_conflict' })
    await publish(ours, { resolution: { conflict_id, choices } })
    expect(textsOf(post_id)).toEqual(['One.', 'Two, together.', 'Three, ours.'])
    expect(wp.query('select post_title from wp_posts where ID = ?', post_id)).toEqual([
      { post_title: 'By hand' },
    ])
    await publish(ours)
    expect(textsOf(post_id)).toEqual(['One.', 'Two, together.', 'Three, ours.'])
  })

  it('does not write to a post with HTML that its user may not save', async () => {
    const k = key('unfiltered')
    const author = await wp.addUser(`author-${k}`, 'author')
    const { user: username, appPassword } = author
    const as = connect({ fetch, restRoot: `${wp.url}/wp-json/`, username, appPassword })
    const { post_id } = await publish(await draft(k, ['One.', 'Two.']), { api: as })
    const added = '<!-- wp:html -->\n<p>By hand</p>\n<!-- /wp:html -->'
    await edit(post_id, 'Two.', `Two.</p>\n<!-- /wp:paragraph -->\n\n${added}`)
    await publish(await draft(k, ['One, ours.', 'Two.']), { api: as })
    expect(contentOf(post_id)).toContain(added)
    const embed = '<iframe src="https://maps.example/"></iframe>'
    await edit(post_id, '<p>By hand</p>', embed)
    const before = contentOf(post_id)
    const refused = { code: 'holds_unfiltered_html', message: expect.stringContaining('<iframe>') }
    const ours = await draft(k, ['One, ours again.', 'Two.'])
    await expect(publish(ours, { api: as })).rejects.toMatchObject(refused)
    const post = { key: k, slug: ours.slug }
    await expect(unpublishPost({ api: as, intentLog, post })).rejects.toMatchObject(refused)
    expect(contentOf(post_id)).toBe(before)
    await publish(ours)
    expect(contentOf(post_id)).toContain(embed)
    expect(contentOf(post_id)).toContain('One, ours again.')
  })

  it('does not write to a post that somebody is editing', async () => {
    const k = key('open')
    const { post_id } = await publish(await draft(k, ['One.']))
    const other = await wp.addUser(`editor-${k}`, 'editor')
    await wp.php(`wp_set_current_user(get_user_by('login', '${other.user}')->ID);
      require_once ABSPATH . 'wp-admin/includes/post.php'; wp_set_post_lock(${post_id});
      sleep(1); wp_create_post_autosave(['post_ID' => ${post_id}, 'post_type' => 'post',
        'post_title' => 'x', 'post_content' => 'Being written', 'post_excerpt' => '']);`)
    const again = publish(await draft(k, ['One, ours.']))
    await expect(again).rejects.toMatchObject({ code: 'post_being_edited' })
    expect(textsOf(post_id)).toEqual(['One.'])
  })

  it('does not create a deleted post again by itself', async () => {
    const k = key('gone')
    const post = await draft(k, ['One.'])
    const { post_id } = await publish(post)
    await wp.php(`wp_delete_post(${post_id}, true);`)
    const again = publish(post, { replaceDeleted: false })
    await expect(again).rejects.toMatchObject({ code: 'post_deleted' })
    expect((await publish(post)).post_id).not.toBe(post_id)
  })
})

it('merges changes that are saved between reading and writing, through the plugin', async () => {
  const k = 'meanwhile'
  const first = await draft(k, ['One.', 'Two.', 'Three.'])
  const request = { api, intentLog, settleMs: 1_500, hasBridge: true }
  const { post_id } = await publishPost({ ...request, post: first })
  // The person saves in the moment before the plugin looks at the post.
  await wp.addMuPlugin({
    name: 'meanwhile',
    php: `<?php add_filter('rest_pre_dispatch', function ($r, $s, $request) {
      if ($request->get_method() === 'PUT' && get_option('meanwhile') && strpos($request->get_route(), '/igny8/') === 0) {
        delete_option('meanwhile');
        $p = get_post(${post_id});
        wp_update_post(wp_slash(['ID' => $p->ID, 'post_content' => str_replace('Three.', 'Three, by hand.', $p->post_content)]));
      }
      return $r; }, 10, 3);`,
  })
  await wp.setOption('meanwhile', 'yes')
  const post = await draft(k, ['One, ours.', 'Two.', 'Three.'])
  const refused = publishPost({ ...request, post })
  await expect(refused).rejects.toMatchObject({ code: 'changed_meanwhile', retryable: true })
  await publishPost({ ...request, post })
  expect(textsOf(post_id)).toEqual(['One, ours.', 'Two.', 'Three, by hand.'])
  await wp.removeMuPlugin('meanwhile')
})

it('distinguishes an update whose response was lost from a person’s edit', async () => {
  const k = 'lost-answer'
  const { post_id } = await publishPost({
    api,
    intentLog,
    settleMs: 1_500,
    post: await draft(k, ['One.', 'Two.']),
  })
  const losing: WordPressApi = {
    ...api,
    update: async (...sent: Parameters<WordPressApi['update']>) => {
      await api.update(...sent)
      throw new Error('the answer was lost')
    },
  } as WordPressApi
  const second = await draft(k, ['One, second.', 'Two.'])
  const lost = publishPost({ api: losing, intentLog, settleMs: 1_500, post: second })
  await expect(lost).rejects.toThrow('the answer was lost')
  expect(textsOf(post_id)).toEqual(['One, second.', 'Two.'])
  const third = await draft(k, ['One, third.', 'Two.'])
  await publishPost({ api, intentLog, settleMs: 1_500, post: third })
  expect(textsOf(post_id)).toEqual(['One, third.', 'Two.'])
})
