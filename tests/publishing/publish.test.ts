import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { marker } from '../../wp-bridge/client/publish/marker.ts'
import { type Client, register } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place, writeArticles } from './linked-blog.ts'

type Task = {
  id: number
  status: string
  assigned_post_id: number
  post_url: string
  wp_status: string
  error: { code: string } | null
}

type Conflict = { conflict_id: string; clashes: object[] }

let wordpress: WordPress
let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  wordpress = await startWordPress()
  service = await startTestService({
    allowPrivateSites: [new URL(wordpress.url).host],
    settleMs: 1_000,
  })
  owner = await service.owner()
  place = await linkedBlog(owner, wordpress)
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

const taskOf = async (id: number) => (await owner.get<Task>(`writer/tasks/${id}/`)).body
const publish = (ids: number[], more: object = {}) =>
  owner.run('writer/tasks/publish/', { ids, ...more })
const postOf = (id: number) => wordpress.query('select * from wp_posts where ID = ?', id)[0]!

describe('publishing', () => {
  it('publishes the whole article, and completes the task when the post is live', async () => {
    const cluster = await owner.post<{ id: number }>('planner/clusters/', {
      ...place,
      name: 'Green Tea',
    })
    const words = []
    for (const keyword of ['green tea', 'matcha']) {
      words.push(
        (await owner.post<{ id: number }>('planner/keywords/', { ...place, keyword })).body.id,
      )
    }
    const [id] = await writeArticles(owner, place, ['How to brew green tea'])
    await owner.call('PATCH', `writer/tasks/${id}/`, {
      cluster_id: cluster.body.id,
      keyword_objects: words,
    })
    const run = await publish([id!])
    expect(run).toMatchObject({ state: 'SUCCESS', result: { steps: [{ result: { live: true } }] } })
    const task = await taskOf(id!)
    expect(task).toMatchObject({ status: 'completed', wp_status: 'publish', error: null })
    const post = postOf(task.assigned_post_id)
    expect(post).toMatchObject({ post_title: 'How to brew green tea', post_status: 'publish' })
    expect(post.post_content).toContain('<!-- wp:heading')
    expect(post.post_content).toMatch(/<!-- wp:image \{"id":\d+/)
    const terms = wordpress.query(
      `select tt.taxonomy || ' ' || t.name as term from wp_term_relationships r
      join wp_term_taxonomy tt on tt.term_taxonomy_id = r.term_taxonomy_id
      join wp_terms t on t.term_id = tt.term_id where r.object_id = ? order by 1`,
      task.assigned_post_id,
    )
    expect(terms.map(({ term }) => term)).toEqual([
      'category Green Tea',
      'post_tag green tea',
      'post_tag matcha',
    ])
    const page = await (await fetch(task.post_url)).text()
    expect(page).toContain('wp-post-image')
    expect(page).toContain('srcset=')
    const files = wordpress.query(
      `select m.meta_value as alt from wp_posts p left join wp_postmeta m
      on m.post_id = p.ID and m.meta_key = '_wp_attachment_image_alt' where p.post_type = 'attachment'`,
    )
    expect(files).toHaveLength(4)
    for (const { alt } of files) expect(alt).not.toBe('')
  })

  it('updates the post of a published task instead of creating another', async () => {
    const [id] = await writeArticles(owner, place, ['An article to update'], { images_per_task: 1 })
    await publish([id!])
    const first = await taskOf(id!)
    await owner.call('PATCH', `writer/tasks/${id}/`, { html_content: '<p>A new text.</p>' })
    expect((await publish([id!])).state).toBe('SUCCESS')
    const second = await taskOf(id!)
    expect(second.assigned_post_id).toBe(first.assigned_post_id)
    expect(postOf(first.assigned_post_id).post_content).toContain('A new text.')
  })

  it('does not overwrite a person’s edit in WordPress, and publishes the decision', async () => {
    const [id] = await writeArticles(owner, place, ['An article to edit'], { images_per_task: 1 })
    await publish([id!])
    const { assigned_post_id } = await taskOf(id!)
    // As an editor saves it: the first block keeps the class that marks the post as the article's.
    const [row] = await service.sql`select publication_key from tasks where id = ${id!}`
    const mark = marker(row!.publication_key)
    const mine = `<!-- wp:paragraph {\\"className\\":\\"${mark}\\"} -->\\n<p class=\\"${mark}\\">Mine now.</p>\\n<!-- /wp:paragraph -->`
    await wordpress.php(
      `wp_update_post(['ID' => ${assigned_post_id}, 'post_title' => 'Mine', 'post_content' => "${mine}"]);`,
    )
    expect((await publish([id!])).state).toBe('SUCCESS')
    expect(postOf(assigned_post_id)).toMatchObject({ post_title: 'Mine' })
    await owner.call('PATCH', `writer/tasks/${id}/`, {
      title: 'Ours',
      html_content: '<p>Ours.</p>',
    })
    const run = await publish([id!])
    expect([run.state, run.error?.code]).toEqual(['FAILURE', 'merge_conflict'])
    expect(postOf(assigned_post_id).post_title).toBe('Mine')
    expect((await taskOf(id!)).error?.code).toBe('merge_conflict')
    const path = `writer/tasks/${id}`
    const { body } = await owner.get<Conflict>(`${path}/conflict/`)
    expect(body.clashes).toMatchObject([
      { field: 'title', base: 'An article to edit', ours: 'Ours', theirs: 'Mine' },
      { field: 'content', theirs: expect.stringContaining('Mine now.') },
    ])
    const resolve = (change: object) =>
      owner.post<{ task_id: number }>(`${path}/resolve_conflict/`, {
        conflict_id: body.conflict_id,
        choices: ['theirs', { text: '<p>Both.</p><script>alert(1)</script>' }],
        ...change,
      })
    expect((await resolve({ conflict_id: 'another' })).status).toBe(409)
    expect((await resolve({ choices: ['ours'] })).status).toBe(400)
    const stranger = await register(service.url, 'Strangers to conflicts')
    expect((await stranger.get(`${path}/conflict/`)).status).toBe(404)
    const resolved = await resolve({})
    expect((await owner.follow(resolved.body.task_id)).state).toBe('SUCCESS')
    const { post_title, post_content } = postOf(assigned_post_id)
    expect(post_title).toBe('Mine')
    expect(post_content).toContain('<p class="igny8-')
    expect(
      String(post_content)
        .replaceAll(/<[^>]+>/g, '')
        .trim(),
    ).toBe('Both.')
    expect((await owner.get(`${path}/conflict/`)).status).toBe(404)
  })

  it('does not create a post again that a person deleted', async () => {
    const [id] = await writeArticles(owner, place, ['To be deleted'], { images_per_task: 1 })
    await publish([id!])
    const { assigned_post_id } = await taskOf(id!)
    await wordpress.php(`wp_delete_post(${assigned_post_id}, true);`)
    expect((await publish([id!])).error?.code).toBe('post_deleted')
    expect((await publish([id!])).state).toBe('SUCCESS')
    expect((await taskOf(id!)).assigned_post_id).not.toBe(assigned_post_id)
  })

  it('makes a post a draft again, and publishes the same one afterwards', async () => {
    const [id] = await writeArticles(owner, place, ['An article to unpublish'], {
      images_per_task: 1,
    })
    await publish([id!])
    const before = await taskOf(id!)
    const run = await owner.run(`writer/tasks/${id}/unpublish/`, undefined)
    expect(run.state).toBe('SUCCESS')
    const draft = await taskOf(id!)
    expect(draft).toMatchObject({
      status: 'review',
      wp_status: 'draft',
      assigned_post_id: before.assigned_post_id,
    })
    expect((await fetch(before.post_url)).status).toBe(404)
    await publish([id!])
    expect(await taskOf(id!)).toMatchObject({
      status: 'completed',
      assigned_post_id: before.assigned_post_id,
    })
  })

  it('schedules posts, and creates drafts', async () => {
    const [later, draft] = await writeArticles(owner, place, ['Later', 'As a draft'], {
      images_per_task: 1,
    })
    const publish_at = new Date(Date.now() + 86_400_000).toISOString()
    await publish([later!], { publish_at })
    expect(await taskOf(later!)).toMatchObject({ status: 'published', wp_status: 'future' })
    await publish([draft!], { status: 'draft' })
    expect(await taskOf(draft!)).toMatchObject({ status: 'published', wp_status: 'draft' })
    const past = await owner.post('writer/tasks/publish/', {
      ids: [later],
      publish_at: '2020-01-01T00:00:00Z',
    })
    expect(past.status).toBe(400)
    const contradiction = await owner.post('writer/tasks/publish/', {
      ids: [later],
      publish_at,
      status: 'draft',
    })
    expect(contradiction.status).toBe(400)
  })

  it('publishes in the same run that generates the article and its images', async () => {
    const task = await owner.post<Task>('writer/tasks/', { ...place, title: 'Tea in one go' })
    const run = await owner.run('writer/tasks/auto_generate_content/', {
      ids: [task.body.id],
      then: ['publish', 'images'],
    })
    expect(run.state).toBe('SUCCESS')
    expect(run.result!.steps.map(({ kind }) => kind)).toEqual([
      'generate_content',
      'generate_images',
      'publish',
    ])
    const published = await taskOf(task.body.id)
    expect(published).toMatchObject({ status: 'completed', wp_status: 'publish' })
    const post = postOf(published.assigned_post_id)
    expect(post).toMatchObject({ post_title: 'Tea in one go', post_status: 'publish' })
    expect(await (await fetch(published.post_url)).text()).toContain('wp-post-image')
  })

  it('leaves a trashed post in the trash and reports it', async () => {
    const [id] = await writeArticles(owner, place, ['An article to trash'], { images_per_task: 1 })
    await publish([id!])
    const { assigned_post_id } = await taskOf(id!)
    await wordpress.php(`wp_trash_post(${assigned_post_id});`)
    const run = await publish([id!])
    expect(run.error?.code).toBe('post_trashed')
    expect(postOf(assigned_post_id).post_status).toBe('trash')
  })

  it('accepts only tasks with an article, on linked sites', async () => {
    const queued = await owner.post<{ id: number }>('writer/tasks/', {
      ...place,
      title: 'Not written',
    })
    const early = await owner.post('writer/tasks/publish/', { ids: [queued.body.id] })
    expect([early.status, early.body.code]).toEqual([409, 'wrong_state'])
    const other = await service.owner()
    const site = (await other.post<{ id: number }>('auth/sites/', { name: 'Unlinked' })).body.id
    const sector = (await other.post<{ id: number }>('auth/sectors/', { site_id: site, name: 'x' }))
      .body.id
    const [id] = await writeArticles(other, { site_id: site, sector_id: sector }, ['Homeless'], {
      images_per_task: 1,
    })
    const unlinked = await other.post('writer/tasks/publish/', { ids: [id] })
    expect([unlinked.status, unlinked.body.code]).toEqual([409, 'site_not_linked'])
  })

  it('removes hostile markup that a model put into the article', async () => {
    const [id] = await writeArticles(owner, place, ['A hostile article'], { images_per_task: 1 })
    const html_content = `<h2>Fine</h2><p onclick="x()">Text [gallery ids="1"] <script>alert(1)</script>
      <!-- wp:html --><iframe src="https://evil.example"></iframe><a href="javascript:x()">link</a></p>`
    await owner.call('PATCH', `writer/tasks/${id}/`, { html_content })
    expect((await publish([id!])).state).toBe('SUCCESS')
    const { assigned_post_id, post_url } = await taskOf(id!)
    const { post_content } = postOf(assigned_post_id)
    for (const bad of ['<script', 'onclick', 'iframe', 'javascript:', 'wp:html']) {
      expect(post_content).not.toContain(bad)
    }
    const page = await (await fetch(post_url)).text()
    expect(/.{6}gallery ids=/.exec(page)?.[0]).toBe('&#091;gallery ids=')
  })
})
