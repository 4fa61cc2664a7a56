import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

const KEYWORDS = 5_000

let service: TestService
let owner: Client
let clusterId: number
let place: { site_id: number; sector_id: number }
beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner()
  const site = (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body
  const sector = await owner.post<{ id: number }>('auth/sectors/', {
    site_id: site.id,
    name: 'Tea',
  })
  place = { site_id: site.id, sector_id: sector.body.id }
  clusterId = (await owner.post<{ id: number }>('planner/clusters/', { ...place, name: 'Tea 9' }))
    .body.id
  await service.sql`insert into keywords (account_id, site_id, sector_id, keyword, cluster_id)
    select ${owner.accountId}, ${place.site_id}, ${place.sector_id}, 'Tea ' || n,
      case n when 9 then ${clusterId}::bigint end
    from generate_series(1, ${KEYWORDS}) n`
  await service.sql`analyze keywords`
})
afterAll(() => service?.stop())

/** How many rows of keywords `act` has PostgreSQL look at. */
async function rowsRead(act: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    const [row] = await service.sql`select (sum(idx_tup_read)
      + (select seq_tup_read from pg_stat_user_tables where relname = 'keywords'))::int as n
      from pg_stat_user_indexes where relname = 'keywords'`
    return row!.n as number
  }
  const before = await count()
  await act()
  // A connection that is done tells its figures together, and up to a second later.
  await expect.poll(count, { timeout: 20_000 }).toBeGreaterThan(before)
  return (await count()) - before
}

it('of names given for a task reads those alone, and not a whole sector', async () => {
  const task = { ...place, title: 'Two teas', keywords: 'tea 7, TEA 8, coffee' }
  const read = await rowsRead(async () => {
    const { body } = await owner.post<{ keyword_objects: number[] }>('writer/tasks/', task)
    expect(body.keyword_objects).toHaveLength(2)
  })
  expect(read).toBeLessThan(100)
})

it('of names given for an idea reads those alone', async () => {
  const idea = { ...place, idea_title: 'Two teas', target_keywords: 'tea 7, TEA 8, coffee' }
  const read = await rowsRead(async () => {
    const { body } = await owner.post<{ keyword_objects: number[] }>('planner/ideas/', idea)
    expect(body.keyword_objects).toHaveLength(2)
  })
  expect(read).toBeLessThan(100)
})

it('of names that new ideas have reads those alone', async () => {
  const read = await rowsRead(() =>
    owner.run('planner/clusters/auto_generate_ideas/', { ids: [clusterId] }),
  )
  const [linked] = await service.sql`select count(*)::int as n from idea_keywords`
  expect(linked!.n).toBeGreaterThan(2)
  expect(read).toBeLessThan(200)
})
