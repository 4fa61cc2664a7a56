import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BreakingProxy, startBreakingProxy } from '../helpers/breaking-proxy.ts'
import { type Client, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place, writeArticles } from './linked-blog.ts'

const SOAK = Boolean(process.env.SOAK)
const ARTICLES_A_SITE = SOAK ? 20 : 2
const SLOW_MS = SOAK ? 3_000 : 1_000

let wordpress: WordPress
const proxies: BreakingProxy[] = []
let service: TestService
let owner: Client
const places: Place[] = []
beforeAll(async () => {
  wordpress = await startWordPress()
  // Ten addresses of one WordPress, each of which says that it is the only one.
  await wordpress.addMuPlugin({
    name: 'ten-addresses',
    php: `<?php foreach (['home', 'siteurl'] as $name) {
      add_filter("option_$name", fn($url) => isset($_SERVER['HTTP_HOST']) ? "http://$_SERVER[HTTP_HOST]" : $url, 99);
    }`,
  })
  for (let n = 0; n < 10; n++) proxies.push(await startBreakingProxy(wordpress.url))
  const allowPrivateSites = proxies.map(({ url }) => new URL(url).host)
  service = await startTestService({ allowPrivateSites, settleMs: 2 * SLOW_MS })
  owner = await service.owner()
  await service.sql`update accounts set credits = 100000 where id = ${owner.accountId}`
  for (const { url } of proxies) places.push(await linkedBlog(owner, wordpress, url))
}, 300_000)
afterAll(async () => {
  await service?.stop()
  for (const proxy of proxies) await proxy.stop()
  await wordpress?.stop()
})

type Counted = { site_id: number; published: number; failed: number }
/** By site, in the order of the sites: how many articles are published, and how many were given up. */
const standing = () =>
  service.sql<Counted[]>`select t.site_id::int,
      count(*) filter (where s.state = 'succeeded')::int as published,
      count(*) filter (where s.state in ('failed', 'cancelled'))::int as failed
    from run_steps s join tasks t on t.id = s.object_id
    where s.kind = 'publish' group by t.site_id order by t.site_id`

it('publishes to eight sites while one is dead and one is slow, and to those once they answer', async () => {
  const [dead, slow] = [proxies[2]!, proxies[6]!]
  const titles = (n: number) =>
    Array.from({ length: ARTICLES_A_SITE }, (_, i) => `Site ${n}, article ${i}`)
  const ids: number[] = []
  for (const [n, place] of places.entries()) {
    ids.push(...(await writeArticles(owner, place, titles(n), { images_per_task: 1 })))
  }
  const before = (await owner.get<{ charged: number }>('billing/balance/')).body.charged
  dead.choose(() => 'drop')
  slow.choose(() => ({ delay: SLOW_MS }))
  const asking = await signIn(service.url, owner.email)
  const run = await asking.post<{ task_id: number }>('writer/tasks/publish/', { ids })
  expect(run.status, JSON.stringify(run.body)).toBe(202)
  const isDone = ({ published }: Counted) => published === ARTICLES_A_SITE
  const healthy = async () => {
    const all = await standing()
    return all.filter((_, n) => n !== 2 && n !== 6).filter(isDone).length
  }
  await expect.poll(healthy, { timeout: SOAK ? 1_800_000 : 300_000, interval: 500 }).toBe(8)
  expect((await standing())[2]).toMatchObject({ published: 0, failed: 0 })
  const paused = async () =>
    (await service.sql`select id from sites where wp_paused_at is not null`).length
  await expect.poll(paused, { timeout: 300_000, interval: 500 }).toBe(1)
  dead.choose(() => null)
  slow.choose(() => null)
  let isOver = false
  const hurrying = (async () => {
    for (; !isOver; await delay(1_000)) {
      await service.sql`update sites set wp_probe_at = now() where wp_probe_at > now()`
    }
  })()
  const { state, error } = await asking.follow(run.body.task_id)
  isOver = true
  await hurrying
  expect({ state, error }).toEqual({ state: 'SUCCESS', error: null })
  const posts = wordpress.query(`select post_title as title, count(*) as n from wp_posts
    where post_type = 'post' and post_name <> 'hello-world' and post_status = 'publish'
    group by post_title order by post_title`)
  const wanted = places.flatMap((_, n) => titles(n)).sort()
  expect(posts.map(({ title, n }) => `${title}: ${n}`)).toEqual(
    wanted.map((title) => `${title}: 1`),
  )
  // The first sign-in has expired by now.
  const later = await signIn(service.url, owner.email)
  const after = (await later.get<{ charged: number; held: number }>('billing/balance/')).body
  expect(after).toMatchObject({ charged: before, held: 0 })
}, 3_600_000)
