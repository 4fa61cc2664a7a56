import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { newKey } from '../../wp-bridge/client/sign.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { installBridge } from '../wordpress/bridge.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place, writeArticles } from './linked-blog.ts'
import { bridgeKeyOf, signedCall } from './signed-call.ts'

type Work = { run_id: number; held: string | null; due_at: string | null; state: string }
type OverviewTask = {
  id: number
  title: string
  stage: string
  post_url: string | null
  work: Work | null
}
type Overview = {
  site: { requires_approval: boolean; pause_reason: string | null }
  examination: { healthy: boolean; checks: { check: string; ok: boolean | null }[] } | null
  examining: boolean
  counts: Record<string, number>
  tasks: OverviewTask[]
}

let wordpress: WordPress
let service: TestService
let owner: Client
let place: Place
let key: string
beforeAll(async () => {
  wordpress = await startWordPress()
  await installBridge(wordpress.root, wordpress.php)
  service = await startTestService({ allowPrivateSites: [new URL(wordpress.url).host] })
  owner = await service.owner()
})
beforeEach(async () => {
  await wordpress.php('delete_option("igny8_bridge_pairing");')
  place = await linkedBlog(owner, wordpress)
  key = await bridgeKeyOf(service, place.site_id)
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

const call = <T>(what: string, body: unknown, more: { site?: number; id?: string } = {}) =>
  signedCall<T>(service, `bridge/${more.site ?? place.site_id}/${what}/`, body, {
    key,
    id: more.id,
  })
const overview = async () => {
  const { status, body } = await call<Overview>('overview', {})
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}
const publish = (task_id: number, id?: string) =>
  call<{ task_id: number; code?: string }>('publish', { task_id, wordpress_user: 'ann' }, { id })
const article = async (title: string) =>
  (await writeArticles(owner, place, [title], { images_per_task: 1 }))[0]!

describe('the overview of a site', () => {
  it('tells of each task where it is, with what it waits for, and of no other site', async () => {
    const site = await owner.post<{ id: number }>('auth/sites/', { name: 'Another' })
    const at = { site_id: site.body.id }
    const sector = await owner.post<{ id: number }>('auth/sectors/', { ...at, name: 'Another' })
    await owner.post('writer/tasks/', { ...at, sector_id: sector.body.id, title: 'Elsewhere' })
    await owner.post('writer/tasks/', { ...place, title: 'Queued' })
    const reviewed = await article('Reviewed')
    const future = await article('Future')
    await owner.run('writer/tasks/publish/', { ids: [future], publish_at: '2100-01-01T00:00:00Z' })
    const { tasks, counts } = await overview()
    const stages = Object.fromEntries(tasks.map(({ title, stage }) => [title, stage]))
    expect(stages).toEqual({ Queued: 'queued', Reviewed: 'review', Future: 'scheduled' })
    expect(counts).toMatchObject({ queued: 1, review: 1, scheduled: 1, completed: 0 })
    await owner.call('PATCH', `auth/sites/${place.site_id}/`, { requires_approval: true })
    await owner.post('writer/tasks/publish/', { ids: [reviewed] })
    const workOf = async () => (await overview()).tasks.find(({ id }) => id === reviewed)?.work
    await expect
      .poll(workOf, { timeout: 30_000 })
      .toMatchObject({ state: 'pending', held: 'approval' })
  })

  it('shows the newest of many, and how many there are', async () => {
    await service.sql`insert into tasks (account_id, site_id, sector_id, title, updated_at)
      select ${owner.accountId}, ${place.site_id}, ${place.sector_id}, 'Of many ' || n,
        now() + n * interval '1 second' from generate_series(1, 50) n`
    const { tasks, counts } = await overview()
    expect(counts.queued).toBe(50)
    expect(tasks.map(({ title }) => title)).toEqual(
      Array.from({ length: 20 }, (_, at) => `Of many ${50 - at}`),
    )
  })

  it('has what the doctor found, when the plugin asks for it', async () => {
    expect(await overview()).toMatchObject({ examination: null, examining: false })
    expect((await call('examine', {})).status).toBe(202)
    expect((await call('examine', {})).status).toBe(202)
    await expect
      .poll(async () => (await overview()).examination, { timeout: 60_000 })
      .toMatchObject({ healthy: true })
    const { checks } = (await overview()).examination!
    expect(checks.find(({ check }) => check === 'plugin')).toMatchObject({ ok: true })
    expect((await overview()).examining).toBe(false)
  })

  it('tells why the site is paused', async () => {
    const reason = { code: 'x', message: 'It is down.' }
    await service.sql`update sites set wp_paused_at = now(),
      wp_pause_reason = ${service.sql.json(reason)} where id = ${place.site_id}`
    expect((await overview()).site).toMatchObject({ pause_reason: 'It is down.' })
  })
})

describe('publishing from WordPress', () => {
  it('publishes an article, and who asked for it is on record', async () => {
    const id = await article('Published from WordPress')
    const { status, body } = await publish(id)
    expect(status).toBe(202)
    expect((await owner.follow(body.task_id)).state).toBe('SUCCESS')
    expect((await overview()).tasks).toMatchObject([{ id, stage: 'completed' }])
    const log = await owner.get<{ results: object[] }>('auth/audit_log/?page_size=50')
    expect(log.body.results).toContainEqual(
      expect.objectContaining({
        action: 'task.published_from_wordpress',
        object_id: id,
        detail: { wordpress_user: 'ann', run_id: body.task_id },
      }),
    )
  })

  it('approves where that is wanted, and lets go on what waited for it', async () => {
    await owner.call('PATCH', `auth/sites/${place.site_id}/`, { requires_approval: true })
    const [first, second] = [await article('Approved there'), await article('Asked for before')]
    const direct = await publish(first)
    expect((await owner.follow(direct.body.task_id)).state).toBe('SUCCESS')
    const asked = await owner.post<{ task_id: number }>('writer/tasks/publish/', { ids: [second] })
    expect((await publish(second)).body.task_id).toBe(asked.body.task_id)
    expect((await owner.follow(asked.body.task_id)).state).toBe('SUCCESS')
    const task = await owner.get(`writer/tasks/${second}/`)
    expect(task.body).toMatchObject({ status: 'completed', approved_by: 'ann in WordPress' })
  })

  it('acts on a webhook once, however often and at once it comes', async () => {
    const id = await article('Asked for five times')
    const webhook = crypto.randomUUID()
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => publish(id, webhook)))
    const [run] = answers.map(({ body }) => body.task_id)
    expect(answers.map(({ status, body }) => [status, body.task_id])).toEqual(
      Array.from({ length: 5 }, () => [202, run]),
    )
    await owner.follow(run!)
    expect((await publish(id, webhook)).body.task_id).toBe(run)
    const runs = await service.sql`select distinct run_id from run_steps
      where kind = 'publish' and object_id = ${id}`
    expect(runs.length).toBe(1)
  })

  it('is refused for what is no task of the site, and for one without an article', async () => {
    const mine = await article('Of the first site')
    const elsewhere = await service.owner('Elsewhere')
    const empty = await owner.post<{ id: number }>('writer/tasks/', { ...place, title: 'Empty' })
    expect((await publish(empty.body.id)).status).toBe(409)
    await wordpress.php('delete_option("igny8_bridge_pairing");')
    place = await linkedBlog(elsewhere, wordpress)
    key = await bridgeKeyOf(service, place.site_id)
    expect((await publish(mine)).status).toBe(404)
    await wordpress.php('delete_option("igny8_bridge_pairing");')
    place = await linkedBlog(owner, wordpress)
    key = await bridgeKeyOf(service, place.site_id)
    expect((await publish(mine)).status).toBe(404)
    expect((await publish(999_999_999)).status).toBe(404)
  })

  it.each(['overview', 'publish', 'examine'])(
    'is answered alike to whoever did not sign: %s',
    async (what) => {
      const body = what === 'publish' ? { task_id: 1, wordpress_user: 'ann' } : {}
      const unpaired = await owner.post<{ id: number }>('auth/sites/', { name: 'No plugin' })
      const answers = [await call(what, body, { site: unpaired.body.id })]
      answers.push(await call(what, body, { site: 999_999_999 }))
      key = newKey()
      answers.push(await call(what, body))
      const shown = answers.map(({ status, body }) => [
        status,
        { ...(body as object), request_id: '' },
      ])
      expect(shown[0]).toMatchObject([401, { code: 'signature_invalid' }])
      expect(shown[1]).toEqual(shown[0])
      expect(shown[2]).toEqual(shown[0])
    },
  )

  it('is refused when it is malformed', async () => {
    const bodies = [
      '{',
      {},
      { task_id: 'x', wordpress_user: 'ann' },
      { task_id: 1, wordpress_user: '' },
    ]
    for (const body of bodies) expect((await call('publish', body)).status).toBe(400)
    expect((await call('overview', { type: 'post.edited' })).status).toBe(400)
  })
})
