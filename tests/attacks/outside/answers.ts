import { readFileSync } from 'node:fs'
import type { Client } from '../../helpers/client.ts'
import { type Attack, assertAlive, HoleError, type Target } from './attack.ts'

const ARTICLES = 200
const MB = 1024 * 1024
/** About 950 KB of HTML: close to the most that an article may have. */
const ARTICLE = `<p>${'Coffee is best brewed slowly. '.repeat(300)}</p>\n`.repeat(105)

export const answerAttacks: Attack[] = [
  {
    name: 'lists 200 articles of a megabyte, eight times at once',
    async run(target) {
      const owner = await library(target)
      const before = memory(target)
      const paths = Array.from({ length: 8 }, () => 'writer/content/?page_size=200')
      const sent = await watched(target, () => Promise.all(paths.map((one) => size(owner, one))))
      const walk = await watched(target, () => walkedBy(owner))
      if (walk.result !== ARTICLES) throw new HoleError(`${walk.result} of ${ARTICLES} walked`)
      const peak = Math.max(sent.peak, walk.peak)
      const seen = `${Math.round(Math.max(...sent.result) / MB)} MB an answer, memory ${before} → ${peak} MB, /healthz at most ${Math.max(sent.slowest, walk.slowest)} ms`
      if (peak - before > 600) throw new HoleError(seen)
      return seen
    },
  },
  {
    name: 'exports a large account slowly, then whole, and thirty times at once',
    async run(target) {
      const owner = await library(target)
      const before = memory(target)
      const slow = await begun(owner)
      const many = await watched(target, async () => {
        const readers = await Promise.all(Array.from({ length: 30 }, () => begun(owner)))
        const other = await target.owner()
        const { status } = await other.get('planner/keywords/')
        if (status !== 200) throw new HoleError(`another account got a ${status} meanwhile`)
        for (let n = 0; n < 20; n++) await slow.next()
        await Promise.all(readers.map((reader) => reader.return?.()))
      })
      const whole = await watched(target, async () => {
        let bytes = 0
        for await (const chunk of slow) bytes += chunk.length
        return bytes
      })
      if (whole.result < 10_000) throw new HoleError(`the export ended after ${whole.result} bytes`)
      const peak = Math.max(many.peak, whole.peak)
      const seen = `read whole, memory ${before} → ${peak} MB, /healthz at most ${Math.max(many.slowest, whole.slowest)} ms`
      if (peak - before > 600) throw new HoleError(seen)
      return seen
    },
  },
]

/** An account with as many articles as a page may have, each as large as one may be. */
async function library(target: Target): Promise<Client> {
  const owner = await target.owner()
  const site = await owner.post<{ id: number }>('auth/sites/', { name: 'Library' })
  const site_id = site.body.id
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id, name: 'Books' })
  for (let n = 0; n < ARTICLES; n++) {
    const { status } = await owner.post('writer/tasks/', {
      ...{ site_id, sector_id: sector.body.id, title: `Book ${n}`, html_content: ARTICLE },
    })
    if (status !== 201) throw new Error(`article ${n} was answered ${status}`)
  }
  return owner
}

/** Bytes of an answer, read as it comes. */
async function size({ url, token }: Client, path: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${url}/api/v1/${path}`, { headers })
  let bytes = 0
  for await (const chunk of response.body ?? []) bytes += chunk.length
  return bytes
}

async function walkedBy(owner: Client): Promise<number> {
  let articles = 0
  for (let next: string | null = 'writer/content/?page_size=200&cursor='; next; ) {
    const { body }: { body: { next: string | null; results: object[] } } = await owner.get(next)
    articles += body.results.length
    next = body.next?.replace('/api/v1/', '') ?? null
  }
  return articles
}

async function begun({ url, token, accountId }: Client) {
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${url}/api/v1/auth/accounts/${accountId}/export/`, { headers })
  if (response.status !== 200) throw new HoleError(`the export was answered ${response.status}`)
  return response.body!.values()
}

/** Megabytes that the service holds. */
function memory({ pid }: Target): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kilobytes) / 1024)
}

/** Runs `work`, and answers the most memory and the slowest `/healthz` meanwhile. */
async function watched<T>(target: Target, work: () => Promise<T>) {
  let over = false
  const working = work().finally(() => {
    over = true
  })
  let peak = 0
  let slowest = 0
  while (!over) {
    peak = Math.max(peak, memory(target))
    slowest = Math.max(slowest, await assertAlive(target))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { result: await working, peak, slowest }
}
