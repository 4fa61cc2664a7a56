import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import postgres from 'postgres'
import { readConfig } from '../../server/config.ts'
import { startService } from '../../server/main.ts'
import { type Client, register } from '../helpers/client.ts'
import { databaseUrl } from '../helpers/database.ts'
import { openFloor } from './floor.ts'
import { median } from './load.ts'
import { type Peer, startPeer } from './peer.ts'
import { createKeywords, importKeywords, listKeywords, type Target } from './target.ts'

const { values: options } = parseArgs({
  options: {
    /** A folder with the up.sh, down.sh and celery_drain.py of a peer. */
    peer: { type: 'string' },
    rounds: { type: 'string', default: '4' },
    seconds: { type: 'string', default: '2' },
    rows: { type: 'string', default: '20000' },
    jobs: { type: 'string', default: '100' },
  },
})
const [rounds, seconds, rows, jobs] = [
  Number(options.rounds),
  Number(options.seconds),
  Number(options.rows),
  Number(options.jobs),
]

const dataDir = mkdtempSync(path.join(tmpdir(), 'igny8-bench-'))
chmodSync(dataDir, 0o755)
const service = await startService(
  readConfig({
    PORT: '0',
    IGNY8_DATA_DIR: path.join(dataDir, 'igny8'),
    IGNY8_SECRET_KEYS: 'a key that only the benchmarks of this project ever use',
    IGNY8_RATE_LIMIT_ACCOUNT: '0',
    IGNY8_RATE_LIMIT_ADDRESS: '0',
  }),
  { logger: { info() {}, warn() {}, error: console.error } },
)
const floor = openFloor(service.databaseUrl)
let peer: Peer | undefined
try {
  peer = await peerOrNone()
  const owner = await register(service.url!, 'Bench')
  await liftLimits(owner)
  const mine = await targetOf(owner)
  await importKeywords(mine, 5000)
  console.log(`${cpus().length} cores, ${rounds} rounds, medians; a second each\n`)
  await compare('list, 50 rows', (target) => listKeywords(target, seconds), {
    limit: ['select 1', () => floor.select(seconds)],
    mine,
  })
  await compare('create', (target) => createKeywords(target, seconds), {
    limit: ['insert and commit', () => floor.insert(seconds)],
    mine,
  })
  await compare(`import, rows of ${rows}`, (target) => importKeywords(target, rows), {
    limit: ['COPY', () => floor.copy(rows)],
    mine,
  })
  await compare(
    'jobs (ours make and pay ideas, the peer’s do nothing)',
    (target) => (target === mine ? drainIdeas(owner, mine) : peer!.drainJobs(jobs * 10)),
    { limit: ['insert and commit', () => floor.insert(seconds)], mine },
  )
} finally {
  await floor.stop()
  await peer?.stop()
  await service.stop()
  rmSync(dataDir, { recursive: true, force: true })
}

async function peerOrNone(): Promise<Peer | undefined> {
  if (!options.peer) {
    console.log('no peer (--peer FOLDER): measured against a physical limit alone')
    return undefined
  }
  try {
    const peerDir = path.join(dataDir, 'peer')
    mkdirSync(peerDir)
    return await startPeer(path.resolve(options.peer), peerDir, await peersDatabase())
  } catch (error) {
    console.log(`the peer did not start: measured against a physical limit alone\n${error}`)
    return undefined
  }
}

/** In the same server. */
async function peersDatabase(): Promise<string> {
  const sql = postgres(service.databaseUrl, { max: 1, onnotice: () => {} })
  await sql.unsafe('create database peer')
  await sql.end()
  return databaseUrl(service.databaseUrl, 'peer')
}

async function targetOf(owner: Client): Promise<Target> {
  const site = await owner.post<{ id: number }>('auth/sites/', { name: 'Bench' })
  const fields = { site_id: site.body.id, name: 'Bench' }
  const sector = await owner.post<{ id: number }>('auth/sectors/', fields)
  const place = { site_id: site.body.id, sector_id: sector.body.id }
  return { name: 'igny8', url: owner.url, token: owner.token, place }
}

type Against = { limit: [name: string, run: () => Promise<number>]; mine: Target }

/** Every one in turn, the order reversed each round; a ratio is the median of those of one round. */
async function compare(
  name: string,
  run: (target: Target) => Promise<number>,
  { limit: [limitName, limit], mine }: Against,
): Promise<void> {
  const all: [string, () => Promise<number>][] = [
    ['igny8', () => run(mine)],
    ...(peer ? [['peer', () => run(peer)] as [string, () => Promise<number>]] : []),
    [limitName, limit],
  ]
  const found = new Map(all.map(([one]) => [one, [] as number[]]))
  for (const [, once] of all) await once()
  for (let round = 0; round < rounds; round++) {
    for (const [one, once] of round % 2 ? all.toReversed() : all) {
      found.get(one)!.push(await once())
    }
  }
  const ours = found.get('igny8')!
  console.log(name)
  for (const [one, figures] of found) {
    const ratio = median(ours.map((figure, round) => figure / figures[round]!))
    const times = one === 'igny8' ? '' : `igny8 is ${ratio.toPrecision(3)} times that`
    console.log(`  ${one.padEnd(18)} ${median(figures).toFixed(0).padStart(8)}  ${times}`)
  }
  console.log()
}

/** A plan and a balance that no benchmark reaches the end of. */
async function liftLimits(owner: Client): Promise<void> {
  const sql = postgres(service.databaseUrl, { max: 1, onnotice: () => {} })
  await sql`update plans set max_keywords = 1e8, max_clusters = 1e8, max_content_ideas = 1e8,
    daily_cluster_limit = 1e8, daily_ai_requests = 1e8, monthly_cluster_ai_credits = 1e8`
  await sql`update accounts set credits = 1e6 where id = ${owner.accountId}`
  await sql.end()
}

/** Runs of clusters for ideas, from the request to the last one's end: jobs a second. */
async function drainIdeas(owner: Client, { place }: Target): Promise<number> {
  const sql = postgres(service.databaseUrl, { max: 1, onnotice: () => {} })
  const made = await sql`insert into clusters ${sql(
    Array.from({ length: jobs }, (_, n) => ({
      account_id: owner.accountId,
      ...place,
      name: `cluster ${n} of ${Date.now()}`,
    })),
  )} returning id`
  await sql.end()
  const began = performance.now()
  const progress = await owner.run('planner/clusters/auto_generate_ideas/', {
    ids: made.map(({ id }) => Number(id)),
  })
  if (progress.state !== 'SUCCESS') throw new Error(JSON.stringify(progress.error))
  return jobs / ((performance.now() - began) / 1000)
}
