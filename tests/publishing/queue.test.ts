import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addUser, type Client, register } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place, writeArticles } from './linked-blog.ts'

type Task = {
  status: string
  approved_at: string | null
  approved_by: string | null
  wp_status: string | null
  html_content: string
}
type Publication = {
  id: number
  task_id: number
  run_id: number
  state: string
  held: string | null
  not_before: string | null
}
type Site = { wp_paused_at: string | null; wp_pause_reason: { code: string } | null }

let wordpress: WordPress
let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  wordpress = await startWordPress()
  service = await startTestService({ allowPrivateSites: [new URL(wordpress.url).host] })
  owner = await service.owner()
  await service.sql`update accounts set credits = 100000 where id = ${owner.accountId}`
})
beforeEach(async () => {
  place = await linkedBlog(owner, wordpress)
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

const taskOf = async (id: number) => (await owner.get<Task>(`writer/tasks/${id}/`)).body
const siteOf = async () => (await owner.get<Site>(`auth/sites/${place.site_id}/`)).body
const patchSite = (change: object) => owner.call('PATCH', `auth/sites/${place.site_id}/`, change)
const queue = async () => {
  const { body } = await owner.get<{ results: Publication[] }>(
    `publishing/queue/?site_id=${place.site_id}&page_size=200`,
  )
  return body.results
}
const postsTitled = (title: string) =>
  wordpress.query(
    `select ID, post_status from wp_posts where post_type = 'post' and post_title = ?`,
    title,
  )
async function publish(ids: number[], more: object = {}): Promise<number> {
  const { status, body } = await owner.post<{ task_id: number }>('writer/tasks/publish/', {
    ids,
    ...more,
  })
  expect(status, JSON.stringify(body)).toBe(202)
  return body.task_id
}
/** Waits until the publications that the site has are as wanted. */
function queued(is: (found: Publication[]) => boolean): Promise<Publication[]> {
  const wanted = async () => {
    const found = await queue()
    return is(found) && found
  }
  return until(wanted, { what: 'the wanted state of the queue' })
}
const allHeld = (held: string, n: number) => (found: Publication[]) =>
  found.length === n && found.every((one) => one.held === held && one.state === 'pending')

describe('a site that requires approval', () => {
  beforeEach(async () => {
    expect((await patchSite({ requires_approval: true })).status).toBe(200)
  })

  it('publishes what a person approved, and who did is on record', async () => {
    const [id] = await writeArticles(owner, place, ['Approved'], { images_per_task: 1 })
    const run = await publish([id!])
    await queued(allHeld('approval', 1))
    expect(await taskOf(id!)).toMatchObject({ status: 'review', approved_at: null })
    expect(postsTitled('Approved')).toEqual([])
    const editor = await addUser(owner, 'editor', [place.site_id])
    expect((await editor.post('writer/tasks/approve/', { ids: [id] })).body).toEqual({
      approved: 1,
    })
    expect((await owner.follow(run)).state).toBe('SUCCESS')
    expect(await taskOf(id!)).toMatchObject({ status: 'completed', approved_by: editor.email })
    expect(postsTitled('Approved')).toMatchObject([{ post_status: 'publish' }])
    const { body } = await owner.get<{ results: object[] }>('auth/audit_log/?page_size=50')
    expect(body.results).toContainEqual(
      expect.objectContaining({ action: 'task.approved', object_id: id, user_id: editor.userId }),
    )
  })

  it('holds the end of a chain, and what was asked for after approval goes through', async () => {
    const task = { ...place, title: 'Chained' }
    const { id } = (await owner.post<{ id: number }>('writer/tasks/', task)).body
    const { body } = await owner.post<{ task_id: number }>('writer/tasks/auto_generate_content/', {
      ids: [id],
      then: ['images', 'publish'],
      images_per_task: 1,
    })
    await queued(allHeld('approval', 1))
    await owner.post('writer/tasks/approve/', { ids: [id] })
    expect((await owner.follow(body.task_id)).state).toBe('SUCCESS')
    expect((await owner.run('writer/tasks/publish/', { ids: [id] })).state).toBe('SUCCESS')
  })

  it.each([
    ['title', (id: number) => owner.call('PATCH', `writer/tasks/${id}/`, { title: 'Other' })],
    [
      'text',
      (id: number) => owner.call('PATCH', `writer/tasks/${id}/`, { html_content: '<p>x</p>' }),
    ],
    ['images', (id: number) => owner.run('writer/tasks/auto_generate_images/', { ids: [id] })],
  ])('takes an approval back when the %s changed', async (what, change) => {
    const [id] = await writeArticles(owner, place, [`Changed ${what}`], { images_per_task: 1 })
    await owner.post('writer/tasks/approve/', { ids: [id] })
    expect((await taskOf(id!)).approved_by).toBe(owner.email)
    await owner.call('PATCH', `writer/tasks/${id}/`, { description: 'no part of it' })
    expect((await taskOf(id!)).approved_by).toBe(owner.email)
    await change(id!)
    expect(await taskOf(id!)).toMatchObject({ approved_at: null, approved_by: null })
  })

  it('lets drafts through, holds what is scheduled, and forgets what is cancelled', async () => {
    const [id] = await writeArticles(owner, place, ['Only a draft'], { images_per_task: 1 })
    const run = await owner.run('writer/tasks/publish/', { ids: [id], status: 'draft' })
    expect(run.state).toBe('SUCCESS')
    const scheduled = await publish([id!], { publish_at: '2100-01-01T00:00:00Z' })
    await queued(allHeld('approval', 1))
    await owner.post(`system/settings/task_progress/${scheduled}/cancel/`)
    expect(await queue()).toEqual([])
    expect(postsTitled('Only a draft')).toMatchObject([{ post_status: 'draft' }])
  })

  it('is approved by no API key, no viewer, and nobody of another account', async () => {
    const [id] = await writeArticles(owner, place, ['Not yours'], { images_per_task: 1 })
    const key = await owner.post<{ key: string }>('auth/api_keys/', { name: 'k', access: 'write' })
    const program = { authorization: `Bearer ${key.body.key}` }
    const path = 'writer/tasks/approve/'
    expect((await owner.call('POST', path, { ids: [id] }, program)).status).toBe(403)
    const viewer = await addUser(owner, 'viewer', [place.site_id])
    expect((await viewer.post(path, { ids: [id] })).status).toBe(403)
    const stranger = await register(service.url, 'Elsewhere')
    expect((await stranger.post(path, { ids: [id] })).status).toBe(404)
    expect((await stranger.get<{ count: number }>('publishing/queue/')).body.count).toBe(0)
    const empty = await owner.post<{ id: number }>('writer/tasks/', { ...place, title: 'Empty' })
    expect((await owner.post(path, { ids: [empty.body.id] })).status).toBe(409)
    expect((await taskOf(id!)).approved_at).toBe(null)
  })

  it('loses no approval that is given while the step is about to wait for it', async () => {
    const ids = await writeArticles(owner, place, ['Race 1', 'Race 2', 'Race 3', 'Race 4'], {
      images_per_task: 1,
    })
    const run = await publish(ids)
    await Promise.all(ids.map((id) => owner.post('writer/tasks/approve/', { ids: [id] })))
    expect((await owner.follow(run)).state).toBe('SUCCESS')
  })
})

describe('a site with a drip', () => {
  const hours = { publish_from: '09:00', publish_until: '17:00', time_zone: 'America/New_York' }
  /** Its slot's time has come. */
  const arrive = (id: number, minutesAgo = 1) =>
    service.sql`update run_steps set not_before = now() - ${minutesAgo} * interval '1 minute',
      updated_at = now() - interval '1 hour' where id = ${id}`

  it('gives each its slot, in the order in which they were asked for', async () => {
    await patchSite({ publish_per_day: 2, ...hours })
    const ids = await writeArticles(owner, place, ['D 1', 'D 2', 'D 3'], { images_per_task: 1 })
    const wanted = [ids[2]!, ids[0]!, ids[1]!]
    const run = await publish(wanted)
    const found = await queued((all) => all.length === 3 && all.every((one) => one.not_before))
    const inTurn = found.toSorted((a, b) => a.not_before!.localeCompare(b.not_before!))
    expect(inTurn.map((one) => one.task_id)).toEqual(wanted)
    const clock = new Intl.DateTimeFormat('en-GB', {
      timeZone: hours.time_zone,
      timeStyle: 'short',
    })
    const shown = inTurn.map((one) => clock.format(new Date(one.not_before!)))
    expect([...new Set(shown)].sort()).toEqual(['09:00', '13:00'])
    expect(countsIn(['D 1', 'D 2', 'D 3'])).toBe(0)
    await arrive(inTurn[0]!.id)
    await until(() => countsIn(['D 3']), { what: 'the publication whose slot has come' })
    expect(countsIn(['D 1', 'D 2'])).toBe(0)
    await owner.post(`system/settings/task_progress/${run}/cancel/`)
    expect(await queued((all) => all.every(({ state }) => state === 'running'))).toBeDefined()
  })
  const countsIn = (titles: string[]) => titles.flatMap(postsTitled).length

  it('does not make up for slots that were missed, and follows a drip that is changed', async () => {
    await patchSite({ publish_per_day: 1, ...hours })
    const ids = await writeArticles(owner, place, ['M 1', 'M 2'], { images_per_task: 1 })
    await publish(ids)
    const slots = await queued((all) => all.length === 2 && all.every((one) => one.not_before))
    for (const { id } of slots) await arrive(id, 60 * 24)
    const anew = await queued((all) =>
      all.every((one) => one.state === 'pending' && Date.parse(one.not_before!) > Date.now()),
    )
    expect(new Set(anew.map(({ not_before }) => not_before)).size).toBe(2)
    expect(countsIn(['M 1', 'M 2'])).toBe(0)
    await patchSite({ publish_per_day: null })
    await service.sql`update run_steps set updated_at = now() - interval '1 hour'
      where id = any(${slots.map(({ id }) => id)})`
    await queued((all) => all.length === 0)
    expect(countsIn(['M 1', 'M 2'])).toBe(2)
  })

  it('keeps its clock and its number a day through the year, on days of 23 and 25 hours too', async () => {
    await patchSite({
      publish_per_day: 3,
      publish_from: '01:00',
      publish_until: '07:00',
      time_zone: 'Europe/Berlin',
    })
    const [id] = await writeArticles(owner, place, ['Seasons'], { images_per_task: 1 })
    // As many as three a day for a year: copies of one row, held until the one that is real runs.
    await service.sql`insert into tasks (account_id, site_id, sector_id, title, status)
      select account_id, site_id, sector_id, 'Season ' || n, 'review'
      from tasks, generate_series(1, 1100) n where id = ${id!}`
    const run = await publish([id!])
    await queued((all) => all.length === 1 && all[0]!.not_before !== null)
    await service.sql`insert into run_steps (account_id, run_id, kind, object_id, params)
      select account_id, ${run}, 'publish', id, '{"status": "publish", "place": 1}'
      from tasks where title like 'Season %'`
    const other = await writeArticles(owner, place, ['Last'], { images_per_task: 1 })
    await publish(other)
    const allHaveSlots = async () => {
      const [row] = await service.sql`select count(*)::int as n from run_steps s join tasks t
        on t.id = s.object_id where t.site_id = ${place.site_id} and not_before is null
        and kind = 'publish'`
      return row!.n === 0
    }
    await until(allHaveSlots, { what: 'a slot for every publication', within: 50_000 })
    const days = await service.sql`select (not_before at time zone 'Europe/Berlin')::date as day,
        count(*)::int as n, to_char(min(not_before at time zone 'Europe/Berlin'), 'HH24:MI') as first,
        extract(epoch from max(not_before) - min(not_before))::int / 60 as minutes
      from run_steps s join tasks t on t.id = s.object_id
      where t.site_id = ${place.site_id} and kind = 'publish' group by 1 order by 1`
    const whole = days.slice(1, -1)
    expect(whole.length).toBeGreaterThan(360)
    expect(whole.filter(({ n, first }) => n !== 3 || first !== '01:00')).toEqual([])
    expect([...new Set(whole.map(({ minutes }) => minutes))].sort()).toEqual([200, 240, 280])
    expect(whole.filter(({ minutes }) => minutes !== 240)).toHaveLength(2)
    await owner.post(`system/settings/task_progress/${run}/cancel/`)
  }, 60_000)

  it.each([
    [{ publish_from: '18:00' }, 'publish_until'],
    [{ publish_from: '9:00' }, 'publish_from'],
    [{ time_zone: 'Mars/Olympus' }, 'time_zone'],
    [{ time_zone: '+02:00' }, 'time_zone'],
    [{ publish_per_day: 0 }, 'publish_per_day'],
  ])('is not set to %j', async (change, path) => {
    await patchSite(hours)
    const { status, body } = await patchSite(change)
    expect(status).toBe(400)
    expect(body.errors).toMatchObject([{ path }])
  })
})

it('is patient with a site after however long a publication has waited', async () => {
  await patchSite({ requires_approval: true })
  const [id] = await writeArticles(owner, place, ['Long awaited'], { images_per_task: 1 })
  const run = await publish([id!])
  await queued(allHeld('approval', 1))
  await service.sql`update run_steps set created_at = now() - interval '3 days' where run_id = ${run}`
  await wordpress.setOption('busy', 1)
  await wordpress.addMuPlugin({
    name: 'busy',
    php: `<?php if (($_SERVER['REQUEST_METHOD'] ?? '') === 'POST' && strpos($_SERVER['REQUEST_URI'], 'wp/v2/posts') !== false)
      add_action('init', function () { if (!get_option('busy')) return; delete_option('busy');
        http_response_code(429); header('Retry-After: 2'); header('Content-Type: application/json');
        die('{"code":"busy","message":"Busy","data":{"status":429}}'); });`,
  })
  await owner.post('writer/tasks/approve/', { ids: [id] })
  expect((await owner.follow(run)).state).toBe('SUCCESS')
  expect(await wordpress.php(`echo get_option('busy', 'was busy');`)).toBe('was busy')
  await wordpress.removeMuPlugin('busy')
})

describe('a site that stops working', () => {
  const revoke = () =>
    wordpress.php('WP_Application_Passwords::delete_all_application_passwords(1);')

  it('is paused, says why, and goes on in order when it is linked again', async () => {
    const ids = await writeArticles(owner, place, ['P 1', 'P 2', 'P 3'], { images_per_task: 1 })
    await revoke()
    const run = await publish(ids)
    const held = await queued(allHeld('paused', 3))
    expect(held.map(({ run_id }) => run_id)).toEqual([run, run, run])
    expect(await siteOf()).toMatchObject({
      wp_paused_at: expect.any(String),
      wp_pause_reason: { code: 'wrong_credentials' },
    })
    const progress = await owner.get<{ meta: { message: string } }>(
      `system/settings/task_progress/${run}/`,
    )
    expect(progress.body.meta.message).toContain('paused')
    expect(JSON.stringify([progress.body, await siteOf()])).not.toContain(wordpress.appPassword)
    const wp_app_password = await newPassword()
    const linked = await owner.call('PUT', `auth/sites/${place.site_id}/wordpress/`, {
      wp_url: wordpress.url,
      wp_username: wordpress.user,
      wp_app_password,
    })
    expect(linked.status).toBe(200)
    expect((await owner.follow(run)).state).toBe('SUCCESS')
    expect(await siteOf()).toMatchObject({ wp_paused_at: null, wp_pause_reason: null })
    for (const title of ['P 1', 'P 2', 'P 3']) expect(postsTitled(title)).toHaveLength(1)
    const { body } = await owner.get<{ results: { action: string }[] }>(
      'auth/audit_log/?page_size=200',
    )
    const actions = body.results.map(({ action }) => action)
    expect(actions).toEqual(expect.arrayContaining(['site.paused', 'site.resumed']))
  })

  it('is asked again by and by, and goes on when it works', async () => {
    const ids = await writeArticles(owner, place, ['W 1'], { images_per_task: 1 })
    await wordpress.php(`(new WP_User(1))->set_role('subscriber');`)
    const run = await publish(ids)
    await queued(allHeld('paused', 1))
    expect((await siteOf()).wp_pause_reason?.code).toBe('cannot_write_posts')
    await probe()
    expect((await siteOf()).wp_paused_at).not.toBeNull()
    await wordpress.php(`(new WP_User(1))->set_role('administrator');`)
    await probe()
    expect((await owner.follow(run)).state).toBe('SUCCESS')
  })
  it('counts as down when it fails one step again and again, and as up when it answers', async () => {
    const ids = await writeArticles(owner, place, ['O 1', 'O 2'], { images_per_task: 1 })
    await wordpress.addMuPlugin({
      name: 'down',
      php: `<?php http_response_code(503); die('Down');`,
    })
    const run = await publish(ids)
    // As if it had failed for half a minute.
    const areHeld = async () => {
      await service.sql`update run_steps set retries = 3, updated_at = now() - interval '1 hour'
        where run_id = ${run} and state = 'pending' and retries < 3`
      return allHeld('paused', 2)(await queue())
    }
    await until(areHeld, { what: 'the pause of the site' })
    expect((await siteOf()).wp_pause_reason?.code).toBe('server_error')
    await wordpress.removeMuPlugin('down')
    await probe()
    expect((await owner.follow(run)).state).toBe('SUCCESS')
    for (const title of ['O 1', 'O 2']) expect(postsTitled(title)).toHaveLength(1)
  })

  /** The time of the next question has come: waits for its answer. */
  async function probe(): Promise<void> {
    const [last] = await service.sql`select coalesce(max(id), 0) as id from runs`
    await service.sql`update sites set wp_probe_at = now() where id = ${place.site_id}`
    const probing = async () =>
      (
        await service.sql`select id from runs where kind = 'probe_wordpress' and id > ${last!.id}`
      )[0]
    const run = await until(probing, { what: 'the probe of the site' })
    await owner.follow(Number(run.id))
  }
  const newPassword = async () => {
    const php = `echo WP_Application_Passwords::create_new_application_password(1, ['name' => wp_generate_uuid4()])[0];`
    wordpress.appPassword = await wordpress.php(php)
    return wordpress.appPassword
  }

  it('fails its publications when it is unlinked', async () => {
    const ids = await writeArticles(owner, place, ['U 1'], { images_per_task: 1 })
    await revoke()
    const run = await publish(ids)
    await queued(allHeld('paused', 1))
    await owner.call('DELETE', `auth/sites/${place.site_id}/wordpress/`)
    expect((await owner.follow(run)).error).toMatchObject({ code: 'site_not_linked' })
    await newPassword()
  })
})
