import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place, writeArticles } from './linked-blog.ts'

type Task = { status: string; assigned_post_id: number; wp_status: string | null }

let wordpress: WordPress
let service: TestService
let owner: Client
let place: Place
/** While it is there, WordPress carries out no write to a post, and notes in the other that one waits. */
let gate: string
let waiting: string
beforeAll(async () => {
  wordpress = await startWordPress()
  gate = join(wordpress.dir, 'gate')
  waiting = join(wordpress.dir, 'waiting')
  await wordpress.addMuPlugin({
    name: 'gate',
    php: `<?php add_filter('rest_pre_dispatch', function ($result, $server, $request) {
      if ('GET' === $request->get_method() || !preg_match('#/v2/posts#', $request->get_route())) return $result;
      while (file_exists('${gate}')) { touch('${waiting}'); usleep(20000); clearstatcache(); }
      return $result;
    }, 10, 3);`,
  })
  service = await startTestService({
    allowPrivateSites: [new URL(wordpress.url).host],
    settleMs: 1_000,
  })
  owner = await service.owner()
  await service.sql`update accounts set credits = 100000 where id = ${owner.accountId}`
  place = await linkedBlog(owner, wordpress)
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

const taskOf = async (id: number) => (await owner.get<Task>(`writer/tasks/${id}/`)).body
const statusOf = async (id: number) => {
  const { assigned_post_id } = await taskOf(id)
  return wordpress.query('select post_status from wp_posts where ID = ?', assigned_post_id)[0]!
    .post_status
}
const post = (path: string, body: object = {}) => owner.post<{ task_id: number }>(path, body)
const unpublish = (id: number) => post(`writer/tasks/${id}/unpublish/`)
const publish = (ids: number[], more: object = {}) =>
  post('writer/tasks/publish/', { ids, ...more })
const patchSite = (change: object) => owner.call('PATCH', `auth/sites/${place.site_id}/`, change)

async function published(title: string, more: object = {}): Promise<number> {
  const [id] = await writeArticles(owner, place, [title], { images_per_task: 1 })
  const run = await owner.run('writer/tasks/publish/', { ids: [id], ...more })
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
  return id!
}
/** Closes the gate, has something sent, and goes on once WordPress has it. */
async function whileSending(send: () => Promise<unknown>, then: () => Promise<void>) {
  rmSync(waiting, { force: true })
  writeFileSync(gate, '')
  try {
    await send()
    await until(() => existsSync(waiting), { what: 'the write to the post' })
    await then()
  } finally {
    rmSync(gate)
  }
}
/** The publications of a task once they are as wanted. */
function queued(id: number, is: (found: { held: string | null }[]) => boolean) {
  const wanted = async () => {
    const path = `publishing/queue/?site_id=${place.site_id}&page_size=200`
    const { results } = (await owner.get<{ results: (Queued & { task_id: number })[] }>(path)).body
    const found = results.filter(({ task_id }) => task_id === id)
    return is(found) && found
  }
  return until(wanted, { what: `the wanted state of the publications of task ${id}` })
}
type Queued = { id: number; run_id: number; held: string | null; not_before: string | null }

describe('unpublishing', () => {
  it('makes a scheduled post a draft, which stays one', async () => {
    const publish_at = new Date(Date.now() + 3_600_000).toISOString()
    const id = await published('Scheduled', { publish_at })
    expect(await statusOf(id)).toBe('future')
    expect((await owner.follow((await unpublish(id)).body.task_id)).state).toBe('SUCCESS')
    expect(await statusOf(id)).toBe('draft')
    expect(await taskOf(id)).toMatchObject({ status: 'review', wp_status: 'draft' })
    const [row] = await service.sql`select verify_at from tasks where id = ${id}`
    expect(row!.verify_at).toBe(null)
  })

  it('cancels a publication that waits for approval, and no other of the same run', async () => {
    const [one, other] = [await published('Held one'), await published('Held other')]
    await patchSite({ requires_approval: true })
    const { body } = await publish([one, other])
    await queued(one, ([step]) => step?.held === 'approval')
    await queued(other, ([step]) => step?.held === 'approval')
    expect((await owner.follow((await unpublish(one)).body.task_id)).state).toBe('SUCCESS')
    expect(await queued(one, () => true)).toEqual([])
    await post('writer/tasks/approve/', { ids: [one, other] })
    const run = await owner.follow(body.task_id)
    expect(run.state).toBe('CANCELLED')
    expect(run.result!.steps.map(({ state }) => state).sort()).toEqual(['cancelled', 'succeeded'])
    expect([await statusOf(one), await statusOf(other)]).toEqual(['draft', 'publish'])
    await patchSite({ requires_approval: false })
    const balance = await owner.get<{ balance: number; held: number }>('billing/balance/')
    expect(balance.body).toMatchObject({ held: 0 })
  })

  it('cancels a publication that waits for its slot or a retry, so that the post never becomes public again', async () => {
    const id = await published('Retried')
    await service.sql`update tasks set wp_status = 'draft' where id = ${id}`
    await patchSite({ publish_per_day: 1 })
    const { body } = await publish([id])
    const [slot] = await queued(id, ([step]) => !!step && 'not_before' in step && !!step.not_before)
    expect((await owner.follow((await unpublish(id)).body.task_id)).state).toBe('SUCCESS')
    await service.sql`update run_steps set not_before = now(), updated_at = now() - interval '1 hour' where id = ${slot!.id}`
    await patchSite({ publish_per_day: null })
    expect((await owner.follow(body.task_id)).state).toBe('CANCELLED')
    expect(await statusOf(id)).toBe('draft')
    await wordpress.addMuPlugin({
      name: 'down',
      php: `<?php if (($_SERVER['REQUEST_METHOD'] ?? '') === 'POST') { http_response_code(503); header('Retry-After: 600'); exit('down'); }`,
    })
    const retried = await publish([id])
    const waits = async () => {
      const [step] = await service.sql`select state, attempt from run_steps
        where run_id = ${retried.body.task_id}`
      return step!.state === 'pending' && step!.attempt > 0
    }
    await until(waits, { what: 'the wait for another attempt' })
    const taken = await unpublish(id)
    expect(taken.status, JSON.stringify(taken.body)).toBe(202)
    await wordpress.removeMuPlugin('down')
    expect((await owner.follow(taken.body.task_id)).state).toBe('SUCCESS')
    expect((await owner.follow(retried.body.task_id)).state).toBe('CANCELLED')
    expect(await statusOf(id)).toBe('draft')
  })

  it('is refused while a publication is sent, and refuses publications until it is done', async () => {
    const id = await published('Busy')
    let run = 0
    await whileSending(
      async () => {
        run = (await publish([id])).body.task_id
      },
      async () => {
        const refused = await unpublish(id)
        expect([refused.status, refused.body]).toMatchObject([409, { code: 'already_running' }])
        expect(JSON.stringify(refused.body)).toContain(`run ${run}`)
      },
    )
    expect((await owner.follow(run)).state).toBe('SUCCESS')
    await whileSending(
      async () => {
        const both = await Promise.all([unpublish(id), unpublish(id)])
        expect(both.map(({ status }) => status).sort()).toEqual([202, 409])
        run = both.find(({ status }) => status === 202)!.body.task_id
      },
      async () => {
        const refused = await publish([id])
        expect([refused.status, refused.body]).toMatchObject([409, { code: 'already_running' }])
      },
    )
    expect((await owner.follow(run)).state).toBe('SUCCESS')
    expect(await statusOf(id)).toBe('draft')
    expect((await owner.run('writer/tasks/publish/', { ids: [id] })).state).toBe('SUCCESS')
    expect(await statusOf(id)).toBe('publish')
  })

  it('wins over a check that publishes a post which WP-Cron missed', async () => {
    const publish_at = new Date(Date.now() + 3_600_000).toISOString()
    const id = await published('Overdue', { publish_at })
    const { assigned_post_id } = await taskOf(id)
    await wordpress.php(`global $wpdb; $past = gmdate('Y-m-d H:i:s', time() - 600);
      $wpdb->update($wpdb->posts, ['post_date' => $past, 'post_date_gmt' => $past], ['ID' => ${assigned_post_id}]);
      clean_post_cache(${assigned_post_id});`)
    let run = 0
    await whileSending(
      () => service.sql`update tasks set verify_at = now() where id = ${id}`,
      async () => {
        const taken = await unpublish(id)
        expect(taken.status).toBe(202)
        run = taken.body.task_id
      },
    )
    expect((await owner.follow(run)).state).toBe('SUCCESS')
    expect(await statusOf(id)).toBe('draft')
    expect(await taskOf(id)).toMatchObject({ status: 'review', wp_status: 'draft' })
  })
})
