import { afterAll, beforeAll, expect, it } from 'vitest'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector, type Row, type Sector } from '../planner/sector.ts'
import { seeded } from '../publishing/linked-blog.ts'

/** `npm run soak` sends all of them. */
const REQUESTS = process.env.SOAK ? 100_000 : 3_000
const AT_ONCE = 24
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)

type Side = { name: string; client: Client; sector: Sector; keywords: number[] }

let service: TestService
let sides: Side[]

beforeAll(async () => {
  service = await startTestService({ role: 'api', poolSize: 2 })
  sides = [await sideOf('Alpha'), await sideOf('Omega')]
})
afterAll(() => service.stop())

/** An account whose every text bears its name, once as its owner and once as a granted editor. */
async function sideOf(name: string): Promise<Side> {
  const owner = await service.owner(name)
  const sector = await newSector(owner, name)
  const client = await addUser(owner, 'editor', [sector.site_id])
  const side = { name, client, sector, keywords: [] as number[] }
  for (let n = 0; n < 5; n++) await add(side, `${name} keyword ${n}`)
  return side
}

async function add(side: Side, keyword: string): Promise<void> {
  const made = await side.client.post<Row>('planner/keywords/', { ...side.sector, keyword })
  expect(made).toMatchObject({ status: 201, body: { keyword } })
  side.keywords.push(made.body.id)
}

/** One request of `mine`, which must show nothing of the other account. */
async function one(mine: Side, other: Side, random: () => number, n: number): Promise<void> {
  const pick = (list: number[]) => list[Math.floor(random() * list.length)]!
  const { client } = mine
  const kinds: (() => Promise<void>)[] = [
    async () => {
      const { body } = await client.get<{ results: Row[] }>('planner/keywords/?page_size=50')
      expect(body.results.length).toBeGreaterThan(0)
      expect(JSON.stringify(body)).not.toContain(other.name)
    },
    async () => {
      const { body } = await client.get<Row>(`planner/keywords/${pick(mine.keywords)}/`)
      expect(body.keyword).toContain(mine.name)
    },
    async () => {
      const { status } = await client.get(`planner/keywords/${pick(other.keywords)}/`)
      expect(status).toBe(404)
    },
    async () => {
      const path = `planner/keywords/${pick(other.keywords)}/`
      expect((await client.call('PATCH', path, { volume: 1 })).status).toBe(404)
    },
    async () => {
      const path = `planner/keywords/${pick(mine.keywords)}/`
      const { body } = await client.call<Row>('PATCH', path, { volume: n })
      expect(body.keyword).toContain(mine.name)
    },
    async () => {
      if (mine.keywords.length < 200) await add(mine, `${mine.name} keyword ${n} ${random()}`)
    },
  ]
  await kinds[Math.floor(random() * kinds.length)]!()
}

it(`keeps two accounts apart over two connections, through ${REQUESTS} interleaved requests (seed ${SEED})`, async () => {
  const random = seeded(SEED)
  let sent = 0
  const worker = async () => {
    while (sent < REQUESTS) {
      const n = sent++
      const [mine, other] = random() < 0.5 ? [sides[0]!, sides[1]!] : [sides[1]!, sides[0]!]
      await one(mine, other, random, n)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  const rows = await service.sql`select a.name, k.keyword, k.volume from keywords k
    join accounts a on a.id = k.account_id`
  expect(rows.length).toBe(sides[0]!.keywords.length + sides[1]!.keywords.length)
  expect(rows.filter(({ name, keyword }) => !keyword.startsWith(name))).toEqual([])
}, 1_800_000)
