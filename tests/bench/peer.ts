import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Target } from './target.ts'

const run = promisify(execFile)

/** A peer that was started: another service of the same keyword API. */
export type Peer = Target & {
  /** Jobs a second that its queue drains, each of which does nothing. */
  drainJobs(jobs: number): Promise<number>
  stop(): Promise<void>
}

/** Starts the peer in `folder` with its own `up.sh`, over an empty folder and database. */
export async function startPeer(
  folder: string,
  dataDir: string,
  databaseUrl: string,
): Promise<Peer> {
  const own = { PEER_DIR: dataDir, PEER_DATABASE_URL: databaseUrl, PEER_KEYWORDS: '20000' }
  const env = { ...process.env, ...own }
  const settings = { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 }
  // It leaves its servers running: a shell gives the file descriptors up, or this would wait for them.
  const log = path.join(dataDir, 'up.txt')
  await run('sh', ['-c', `./up.sh > ${log} 2>&1 < /dev/null`], settings)
  const { stdout } = await run('cat', [log])
  const said = (name: string) => new RegExp(`^${name}\\s+(\\S+)$`, 'm').exec(stdout)![1]!
  const target = { name: 'peer', url: said('URL'), token: said('TOKEN') }
  return {
    ...target,
    place: await lastPlace(target),
    async drainJobs(jobs) {
      const command = `. ./env.sh && ./celery_drain.py --jobs ${jobs}`
      const { stdout } = await run('bash', ['-c', command], settings)
      const figures = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number>
      const rate = Object.entries(figures).find(([name]) => name.includes('/s'))?.[1]
      if (!rate) throw new Error(`the peer drained nothing: ${stdout}`)
      return rate
    },
    async stop() {
      await run('./down.sh', [], settings)
    },
  }
}

/** The account's last sector and its site. */
async function lastPlace({ url, token }: Pick<Target, 'url' | 'token'>): Promise<Target['place']> {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(`${url}/api/v1/auth/sectors/?page_size=200`, { headers })
  const { results } = (await answer.json()) as {
    results: { id: number; site_id?: number; site?: number }[]
  }
  const last = results.at(-1)!
  return { site_id: last.site_id ?? last.site!, sector_id: last.id }
}
