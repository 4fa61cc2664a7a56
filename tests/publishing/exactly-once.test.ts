import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BreakingProxy, startBreakingProxy } from '../helpers/breaking-proxy.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import {
  breakAtRandom,
  countsIn,
  linkedBlog,
  type Place,
  seeded,
  writeArticles,
} from './linked-blog.ts'

/** `npm run soak` runs all of it. */
const ROUNDS = process.env.SOAK ? 30 : 3
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
/** Longer than any delay of the proxy, so that nothing is still on its way after it. */
const SETTLE_MS = 2_000

let wordpress: WordPress
let proxy: BreakingProxy
let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  wordpress = await startWordPress()
  proxy = await startBreakingProxy(wordpress.url)
  await wordpress.setPublicUrl(proxy.url)
  service = await startTestService({
    allowPrivateSites: [new URL(proxy.url).host],
    settleMs: SETTLE_MS,
  })
  owner = await service.owner()
  await service.sql`update accounts set credits = 100000 where id = ${owner.accountId}`
  place = await linkedBlog(owner, wordpress, proxy.url)
})
afterAll(async () => {
  await service?.stop()
  await proxy?.stop()
  await wordpress?.stop()
})

it(`publishes ${ROUNDS} times 3 tasks once each while answers are dropped, delayed and broken (seed ${SEED})`, async () => {
  const random = seeded(SEED)
  const titles: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const three = [1, 2, 3].map((n) => `Article ${round}.${n}`)
    titles.push(...three)
    proxy.choose(() => null)
    const ids = await writeArticles(owner, place, three)
    breakAtRandom(proxy, 0.25, random)
    await publishUntilDone(ids)
  }
  const { posts, attachments } = countsIn(wordpress)
  expect(Object.fromEntries(posts)).toEqual(Object.fromEntries(titles.map((title) => [title, 1])))
  expect([...attachments.values()].filter((n) => n !== 1)).toEqual([])
  const [files] = await service.sql`select count(distinct content_hash)::int as n from images`
  expect(attachments.size).toBe(files!.n)
  const rows = await service.sql`select assigned_post_id::int as id, status from tasks`
  expect(rows.every(({ id, status }) => id && status !== 'review')).toBe(true)
  expect(proxy.log.filter(({ broken }) => broken).length).toBeGreaterThan(10)
}, 1_800_000)

/** A run may give a task up after many failures in a row; its owner then asks again. */
async function publishUntilDone(ids: number[]): Promise<void> {
  for (let left = ids, tries = 0; left.length > 0 && tries < 5; tries++) {
    const { result } = await owner.run('writer/tasks/publish/', { ids: left })
    const failed = result!.steps.filter(({ state }) => state !== 'succeeded')
    left = failed.map(({ object_id }) => object_id)
  }
}
