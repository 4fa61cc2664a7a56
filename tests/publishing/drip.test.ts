import { describe, expect, it } from 'vitest'
import { until } from '../helpers/until.ts'
import { writeArticles } from './linked-blog.ts'
import { QueueFixture } from './queue-fixture.ts'

const at = new QueueFixture()

describe('a site with a drip', () => {
  const hours = { publish_from: '09:00', publish_until: '17:00', time_zone: 'America/New_York' }
  /** Its slot's time has come. */
  const arrive = (id: number, minutesAgo = 1) =>
    at.service.sql`update run_steps set not_before = now() - ${minutesAgo} * interval '1 minute',
      updated_at = now() - interval '1 hour' where id = ${id}`

  it('gives publications slots in the order of the requests', async () => {
    await at.patchSite({ publish_per_day: 2, ...hours })
    const ids = await writeArticles(at.owner, at.place, ['D 1', 'D 2', 'D 3'], {
      images_per_task: 1,
    })
    const wanted = [ids[2]!, ids[0]!, ids[1]!]
    const run = await at.publish(wanted)
    const found = await at.queued((all) => all.length === 3 && all.every((one) => one.not_before))
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
    await at.owner.post(`system/settings/task_progress/${run}/cancel/`)
    expect(await at.queued((all) => all.every(({ state }) => state === 'running'))).toBeDefined()
  })
  const countsIn = (titles: string[]) => titles.flatMap((title) => at.postsTitled(title)).length

  it('skips missed slots, and follows a changed drip', async () => {
    await at.patchSite({ publish_per_day: 1, ...hours })
    const ids = await writeArticles(at.owner, at.place, ['M 1', 'M 2'], { images_per_task: 1 })
    await at.publish(ids)
    const slots = await at.queued((all) => all.length === 2 && all.every((one) => one.not_before))
    for (const { id } of slots) await arrive(id, 60 * 24)
    const anew = await at.queued((all) =>
      all.every((one) => one.state === 'pending' && Date.parse(one.not_before!) > Date.now()),
    )
    expect(new Set(anew.map(({ not_before }) => not_before)).size).toBe(2)
    expect(countsIn(['M 1', 'M 2'])).toBe(0)
    await at.patchSite({ publish_per_day: null })
    await at.service.sql`update run_steps set updated_at = now() - interval '1 hour'
      where id = any(${slots.map(({ id }) => id)})`
    await at.queued((all) => all.length === 0)
    expect(countsIn(['M 1', 'M 2'])).toBe(2)
  })

  it('keeps its times and its number a day through a year with daylight saving', async () => {
    await at.patchSite({
      publish_per_day: 3,
      publish_from: '01:00',
      publish_until: '07:00',
      time_zone: 'Europe/Berlin',
    })
    const [id] = await writeArticles(at.owner, at.place, ['Seasons'], { images_per_task: 1 })
    // As many as three a day for a year: copies of one row, held until the one that is real runs.
    await at.service.sql`insert into tasks (account_id, site_id, sector_id, title, status)
      select account_id, site_id, sector_id, 'Season ' || n, 'review'
      from tasks, generate_series(1, 1100) n where id = ${id!}`
    const run = await at.publish([id!])
    await at.queued((all) => all.length === 1 && all[0]!.not_before !== null)
    await at.service.sql`insert into run_steps (account_id, run_id, kind, object_id, params)
      select account_id, ${run}, 'publish', id, '{"status": "publish", "place": 1}'
      from tasks where title like 'Season %'`
    const other = await writeArticles(at.owner, at.place, ['Last'], { images_per_task: 1 })
    await at.publish(other)
    const allHaveSlots = async () => {
      const [row] = await at.service.sql`select count(*)::int as n from run_steps s join tasks t
        on t.id = s.object_id where t.site_id = ${at.place.site_id} and not_before is null
        and kind = 'publish'`
      return row!.n === 0
    }
    await until(allHaveSlots, { what: 'a slot for every publication', within: 50_000 })
    const days = await at.service.sql`select (not_before at time zone 'Europe/Berlin')::date as day,
        count(*)::int as n, to_char(min(not_before at time zone 'Europe/Berlin'), 'HH24:MI') as first,
        extract(epoch from max(not_before) - min(not_before))::int / 60 as minutes
      from run_steps s join tasks t on t.id = s.object_id
      where t.site_id = ${at.place.site_id} and kind = 'publish' group by 1 order by 1`
    const whole = days.slice(1, -1)
    expect(whole.length).toBeGreaterThan(360)
    expect(whole.filter(({ n, first }) => n !== 3 || first !== '01:00')).toEqual([])
    expect([...new Set(whole.map(({ minutes }) => minutes))].sort()).toEqual([200, 240, 280])
    expect(whole.filter(({ minutes }) => minutes !== 240)).toHaveLength(2)
    await at.owner.post(`system/settings/task_progress/${run}/cancel/`)
  }, 60_000)

  it.each([
    [{ publish_from: '18:00' }, 'publish_until'],
    [{ publish_from: '9:00' }, 'publish_from'],
    [{ time_zone: 'Mars/Olympus' }, 'time_zone'],
    [{ time_zone: '+02:00' }, 'time_zone'],
    [{ publish_per_day: 0 }, 'publish_per_day'],
  ])('refuses %j', async (change, path) => {
    await at.patchSite(hours)
    const { status, body } = await at.patchSite(change)
    expect(status).toBe(400)
    expect(body.errors).toMatchObject([{ path }])
  })
})
