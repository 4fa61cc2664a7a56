import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place, writeArticles } from './linked-blog.ts'

type Task = {
  status: string
  assigned_post_id: number
  wp_status: string | null
  error: { code: string; message: string } | null
}

let wordpress: WordPress
let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  wordpress = await startWordPress()
  service = await startTestService({ allowPrivateSites: [new URL(wordpress.url).host] })
  owner = await service.owner()
  place = await linkedBlog(owner, wordpress)
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

const taskOf = async (id: number) => (await owner.get<Task>(`writer/tasks/${id}/`)).body
const postOf = (id: number) => wordpress.query('select * from wp_posts where ID = ?', id)[0]!

async function scheduled(title: string): Promise<number> {
  const [id] = await writeArticles(owner, place, [title])
  const publish_at = new Date(Date.now() + 3600_000).toISOString()
  const run = await owner.run('writer/tasks/publish/', { ids: [id], publish_at })
  expect(run.state).toBe('SUCCESS')
  return id!
}

/** WordPress's own words for a time that has passed. */
const intoThePast = (postId: number) =>
  wordpress.php(`global $wpdb; $past = gmdate('Y-m-d H:i:s', time() - 600);
    $wpdb->update($wpdb->posts, ['post_date' => $past, 'post_date_gmt' => $past], ['ID' => ${postId}]);
    clean_post_cache(${postId});`)

/** The look's time has come: waits for the run that it makes, and answers its task. */
async function looked(id: number): Promise<Task> {
  const [last] = await service.sql`select coalesce(max(id), 0) as id from runs`
  await service.sql`update tasks set verify_at = now() where id = ${id}`
  const look = async () =>
    (await service.sql`select id from runs where kind = 'verify_post' and id > ${last!.id}`)[0]
  const run = await until(look, { what: `the watchdog's look at task ${id}` })
  await owner.follow(Number(run.id))
  return taskOf(id)
}
const nextLook = async (id: number) =>
  (await service.sql`select verify_at, verifications from tasks where id = ${id}`)[0]!

describe('checking published posts', () => {
  it('publishes a post that WP-Cron missed, and completes it when it is live', async () => {
    const id = await scheduled('Missed tea')
    const before = await taskOf(id)
    expect(before).toMatchObject({ status: 'published', wp_status: 'future' })
    const inAnHour = Date.now() + 3600_000
    expect(Number((await nextLook(id)).verify_at)).toBeGreaterThan(inAnHour)
    await intoThePast(before.assigned_post_id)
    expect(await looked(id)).toMatchObject({ status: 'completed', wp_status: 'publish' })
    expect(postOf(before.assigned_post_id)).toMatchObject({ post_status: 'publish' })
    expect(await nextLook(id)).toMatchObject({ verify_at: null })
    const attempts = `publishing/deliveries/?task_id=${id}&kind=publish`
    const [latest] = (await owner.get<{ results: { id: number }[] }>(attempts)).body.results
    const one = `publishing/deliveries/${latest!.id}/`
    const { log } = (await owner.get<{ log: { request: string }[] }>(one)).body
    expect(log.map(({ request }) => request)).toEqual(['{"status":"publish"}'])
  })

  it('leaves a post alone that a person rescheduled, and checks it after that time', async () => {
    const id = await scheduled('Postponed tea')
    const { assigned_post_id } = await taskOf(id)
    expect(await looked(id)).toMatchObject({ status: 'published', wp_status: 'future' })
    expect(postOf(assigned_post_id)).toMatchObject({ post_status: 'future' })
    expect(Number((await nextLook(id)).verify_at)).toBeGreaterThan(Date.now() + 3500_000)
  })

  it.each([
    ['drafted', `wp_update_post(['ID' => $id, 'post_status' => 'draft']);`, 'draft', null],
    ['trashed', 'wp_trash_post($id);', 'trash', 'post_gone'],
    ['deleted', 'wp_delete_post($id, true);', null, 'post_gone'],
  ])('respects that a person %s the post, and reports it', async (verb, php, wp_status, code) => {
    const id = await scheduled(`Tea that was ${verb}`)
    const { assigned_post_id } = await taskOf(id)
    await wordpress.php(`$id = ${assigned_post_id}; ${php}`)
    const task = await looked(id)
    expect(task).toMatchObject({ status: 'published', wp_status })
    expect(task.error?.code ?? null).toBe(code)
    expect(await nextLook(id)).toMatchObject({ verify_at: null })
  })

  it('checks a post that is not live again at growing intervals, and finally reports it', async () => {
    const id = await scheduled('Hidden tea')
    const { assigned_post_id } = await taskOf(id)
    await wordpress.addMuPlugin({
      name: 'hidden',
      php: `<?php add_action('template_redirect', function () { status_header(503); exit; });`,
    })
    await intoThePast(assigned_post_id)
    expect(await looked(id)).toMatchObject({
      status: 'published',
      wp_status: 'publish',
      error: null,
    })
    const { verify_at, verifications } = await nextLook(id)
    expect(verifications).toBe(1)
    expect(Number(verify_at)).toBeGreaterThan(Date.now() + 4 * 60_000)
    await service.sql`update tasks set verifications = 6 where id = ${id}`
    expect((await looked(id)).error).toMatchObject({
      code: 'not_seen_live',
      message: expect.stringContaining('status 503'),
    })
    expect(await nextLook(id)).toMatchObject({ verify_at: null })
    await wordpress.removeMuPlugin('hidden')
  })

  it('checks again later when the site does not answer', async () => {
    const id = await scheduled('Unreachable tea')
    await wordpress.addMuPlugin({
      name: 'down',
      php: `<?php if (str_contains($_SERVER['REQUEST_URI'] ?? '', 'wp-json')) { http_response_code(503); exit('down'); }`,
    })
    expect(await looked(id)).toMatchObject({ status: 'published', wp_status: 'future' })
    expect(Number((await nextLook(id)).verify_at)).toBeGreaterThan(Date.now())
    await wordpress.removeMuPlugin('down')
  })
})
