import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { installBridge } from '../wordpress/bridge.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place, writeArticles } from './linked-blog.ts'

type Task = {
  status: string
  assigned_post_id: number | null
  post_url: string | null
  wp_status: string | null
  error: { code: string } | null
}

let plain: WordPress
let bridged: WordPress
let service: TestService
let owner: Client
beforeAll(async () => {
  plain = await startWordPress()
  bridged = await startWordPress()
  await installBridge(bridged.root, bridged.php)
  const hosts = [plain, bridged].map(({ url }) => new URL(url).host)
  service = await startTestService({ allowPrivateSites: hosts })
  owner = await service.owner()
  await service.sql`update accounts set credits = 100000 where id = ${owner.accountId}`
})
afterAll(async () => {
  await service?.stop()
  await plain?.stop()
  await bridged?.stop()
})

const taskOf = async (id: number) => (await owner.get<Task>(`writer/tasks/${id}/`)).body

async function published(place: Place, title: string, more: object = {}): Promise<number> {
  const [id] = await writeArticles(owner, place, [title], { images_per_task: 1 })
  const run = await owner.run('writer/tasks/publish/', { ids: [id], ...more })
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
  return id!
}

/** Puts a person's post where the article's was, as a restored database, or another WordPress, has it. */
async function replacePost(wordpress: WordPress, id: number, status: string): Promise<void> {
  await wordpress.php(`global $wpdb;
    if (get_post(${id})) wp_delete_post(${id}, true);
    wp_insert_post(['import_id' => ${id}, 'post_title' => 'A person wrote this', 'post_name' => 'a-person-${id}',
      'post_content' => 'Not the article', 'post_status' => 'publish']);
    $past = gmdate('Y-m-d H:i:s', time() - 600);
    $wpdb->update($wpdb->posts, ['post_status' => '${status}', 'post_date' => $past, 'post_date_gmt' => $past], ['ID' => ${id}]);
    clean_post_cache(${id});`)
}
const postAt = (wordpress: WordPress, id: number) =>
  wordpress.query('select post_title, post_content, post_status from wp_posts where ID = ?', id)[0]!
const persons = (post_status: string) => ({
  post_title: 'A person wrote this',
  post_content: 'Not the article',
  post_status,
})

/** Has the watchdog look at a task now, and waits until it has. */
async function looked(id: number): Promise<Task> {
  const [last] = await service.sql`select coalesce(max(id), 0) as id from runs`
  await service.sql`update tasks set verify_at = now() where id = ${id}`
  const look = async () =>
    (
      await service.sql`select run_id from run_steps
        where kind = 'verify_post' and object_id = ${id} and run_id > ${last!.id}`
    )[0]
  const { run_id } = await until(look, { what: `the watchdog's look at task ${id}` })
  await owner.follow(Number(run_id))
  return taskOf(id)
}

describe.each([
  ['without the plugin', () => plain],
  ['with the plugin', () => bridged],
])('a stranger’s post with the id of an article’s, %s', (name, of) => {
  let wordpress: WordPress
  let place: Place
  beforeAll(async () => {
    wordpress = of()
    place = await linkedBlog(owner, wordpress)
  })

  it('is not published by a check, and its address is not used for the article', async () => {
    const publish_at = new Date(Date.now() + 3_600_000).toISOString()
    const id = await published(place, `Scheduled ${name}`, { publish_at })
    const before = await taskOf(id)
    const post = before.assigned_post_id!
    await replacePost(wordpress, post, 'future')
    expect(await looked(id)).toMatchObject({
      wp_status: null,
      post_url: before.post_url,
      error: { code: 'post_gone' },
    })
    expect(postAt(wordpress, post)).toEqual(persons('future'))
  })

  it('is not unpublished', async () => {
    const id = await published(place, `Unpublished ${name}`)
    const post = (await taskOf(id)).assigned_post_id!
    await replacePost(wordpress, post, 'publish')
    const run = await owner.run(`writer/tasks/${id}/unpublish/`, {})
    expect(run.error).toMatchObject({ code: 'not_published' })
    expect(postAt(wordpress, post)).toEqual(persons('publish'))
  })

  it('is not overwritten, and the next publication creates a post of the article', async () => {
    const id = await published(place, `Updated ${name}`)
    const post = (await taskOf(id)).assigned_post_id!
    await replacePost(wordpress, post, 'publish')
    const first = await owner.run('writer/tasks/publish/', { ids: [id] })
    expect(first.error).toMatchObject({ code: 'post_deleted' })
    expect((await owner.run('writer/tasks/publish/', { ids: [id] })).state).toBe('SUCCESS')
    const task = await taskOf(id)
    expect(task.status).toBe('completed')
    expect(task.assigned_post_id).not.toBe(post)
    expect(postAt(wordpress, post)).toEqual(persons('publish'))
  })

  it('does not hide the article’s own post, which a restored database has under another id', async () => {
    const id = await published(place, `Moved ${name}`)
    const post = (await taskOf(id)).assigned_post_id!
    const moved = Number(
      await wordpress.php(`$post = get_post(${post}, ARRAY_A); unset($post['ID']);
        $post['post_content'] = wp_slash($post['post_content']);
        wp_delete_post(${post}, true); echo wp_insert_post($post);`),
    )
    await replacePost(wordpress, post, 'publish')
    expect((await owner.run(`writer/tasks/${id}/unpublish/`, {})).state).toBe('SUCCESS')
    expect(await taskOf(id)).toMatchObject({ assigned_post_id: moved, wp_status: 'draft' })
    expect(postAt(wordpress, moved)).toMatchObject({ post_status: 'draft' })
    expect(postAt(wordpress, post)).toEqual(persons('publish'))
  })
})

describe('a site that is linked to another WordPress', () => {
  const link = async ({ site_id }: Place, { url, user, appPassword }: WordPress) => {
    const credentials = { wp_url: url, wp_username: user, wp_app_password: appPassword }
    const linked = await owner.call('PUT', `auth/sites/${site_id}/wordpress/`, credentials)
    expect(linked.status, JSON.stringify(linked.body)).toBe(200)
  }
  const settled = async (id: number) => {
    const isSettled = async () => {
      const [task] = await service.sql`select verify_at from tasks where id = ${id}`
      return task!.verify_at === null
    }
    await until(isSettled, { what: `the watchdog's last look at task ${id}` })
    return taskOf(id)
  }

  it('clears ids and addresses, touches no other post, and finds its posts again', async () => {
    const place = await linkedBlog(owner, plain)
    const publish_at = new Date(Date.now() + 3_600_000).toISOString()
    const live = await published(place, 'Live elsewhere')
    const due = await published(place, 'Scheduled elsewhere', { publish_at })
    const before = await taskOf(live)
    const ids = [before.assigned_post_id!, (await taskOf(due)).assigned_post_id!]
    for (const id of ids) await replacePost(bridged, id, 'future')
    await link(place, bridged)
    for (const id of [live, due]) {
      expect(await settled(id)).toMatchObject({
        status: 'review',
        assigned_post_id: null,
        post_url: null,
        wp_status: null,
        error: { code: 'post_gone' },
      })
    }
    for (const id of ids) expect(postAt(bridged, id)).toEqual(persons('future'))
    expect((await owner.run('writer/tasks/publish/', { ids: [live] })).state).toBe('SUCCESS')
    expect((await taskOf(live)).post_url).toContain(new URL(bridged.url).host)
    await link(place, plain)
    const back = await settled(live)
    expect(back).toMatchObject({ status: 'completed', post_url: before.post_url })
    expect(back.assigned_post_id).toBe(before.assigned_post_id)
  })
})
