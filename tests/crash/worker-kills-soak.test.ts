import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector, type Sector } from '../planner/sector.ts'
import { seeded } from '../publishing/linked-blog.ts'
import { type MortalWorker, startMortalWorker } from './mortal-worker.ts'

/** `npm run soak` makes 200 kills, while 100 articles at a time are written. */
const SOAK = Boolean(process.env.SOAK)
const KILLS = SOAK ? 200 : 5
const ARTICLES = SOAK ? 100 : 10
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
/** Kills come as fast as leaves a step that runs alone a fair chance: within so many of its times. */
const WITHIN_STEPS = 8

let service: TestService
let worker: MortalWorker
let owner: Client
let sector: Sector
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  worker = await startMortalWorker(service, 1_000)
  owner = await service.owner()
  sector = await newSector(owner)
  await service.sql`update accounts set credits = 1000000 where id = ${owner.accountId}`
})
afterAll(async () => {
  await worker?.stop()
  await service?.stop()
})

/** Writes articles with an image each, and answers how long that took, in milliseconds. */
async function writeArticles(n: number): Promise<number> {
  const { site_id, sector_id } = sector
  const made = await service.sql`insert into tasks (account_id, site_id, sector_id, title)
    select ${owner.accountId}, ${site_id}, ${sector_id}, 'Article ' || n
    from generate_series(1, ${n}) as n returning id::int`
  const began = performance.now()
  // A soak may take longer than a token is valid.
  const asking = await signIn(service.url, owner.email)
  const run = await asking.run('writer/tasks/auto_generate_content/', {
    ids: made.map(({ id }) => id),
    then: ['images'],
    images_per_task: 1,
  })
  const failed = run.result?.steps.filter(({ state }) => state !== 'succeeded')
  expect({ state: run.state, failed }).toEqual({ state: 'SUCCESS', failed: [] })
  return performance.now() - began
}

it(`loses and gives up no step in ${KILLS} kills of the worker (seed ${SEED})`, async () => {
  const random = seeded(SEED)
  // An article and its image, on this machine at this moment.
  const pairMs = await writeArticles(1)
  let articles = 1
  const killing = (async () => {
    while (worker.kills < KILLS) {
      await worker.awake()
      await delay(random() * WITHIN_STEPS * (pairMs / 2))
      worker.kill()
    }
  })()
  for (; worker.kills < KILLS; articles += ARTICLES) await writeArticles(ARTICLES)
  await killing
  const [steps] = await service.sql`select count(*)::int as n, sum(retries)::int as retries,
    sum(attempt)::int as attempts, max(deaths) as deaths from run_steps`
  console.log(`${worker.kills} kills, ${articles} articles:`, steps)
  expect(steps).toMatchObject({ n: 2 * articles, retries: 0 })
  expect(steps!.attempts).toBeGreaterThan(2 * articles)
  const balance = await (await signIn(service.url, owner.email)).get('billing/balance/')
  expect(balance.body).toMatchObject({ charged: 4 * articles, held: 0 })
  const [ledger] = await service.sql`select count(*)::int as charges,
      (select count(*)::int from credit_transactions where transaction_type = 'release') as releases,
      (select count(*)::int from content where html_content <> '') as contents,
      (select count(*)::int from images) as images
    from credit_transactions where transaction_type = 'charge'`
  const once = { charges: 2 * articles, releases: 0, contents: articles, images: 3 * articles }
  expect(ledger).toEqual(once)
}, 3_600_000)
