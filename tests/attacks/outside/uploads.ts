import { readFileSync } from 'node:fs'
import type { Client } from '../../helpers/client.ts'
import { csvForm, newSector, type Sector } from '../../planner/sector.ts'
import { type Attack, assertAlive, HoleError, type Target } from './attack.ts'
import { type OpenRequest, openRequest } from './slow-request.ts'

const IMPORT = '/api/v1/planner/keywords/import_csv/'
const MEGABYTE = 1024 * 1024

/** Attacks by people who signed in and upload files. */
export const uploadAttacks: Attack[] = [
  {
    name: "stalls 5 imports of one account while another account's import runs",
    async run(target) {
      const [one, other] = [await target.owner('Slow'), await target.owner('Other')]
      const [ours, theirs] = [await newSector(one), await newSector(other)]
      const rows = Array.from({ length: 12_000 }, (_, n) => `slow ${n}\n`).join('')
      const stalled = Array.from({ length: 5 }, () => openUpload(one, ours, `keyword\n${rows}`))
      try {
        await new Promise((resolve) => setTimeout(resolve, 5000))
        const began = performance.now()
        const csv = `keyword\n${rows.replaceAll('slow', 'fast')}`
        const imported = other.call('POST', 'planner/keywords/import_csv/', csvForm(theirs, csv))
        const answer = await within(imported, 25_000)
        const ms = Math.round(performance.now() - began)
        // The smallest plan has room for fewer keywords.
        if (answer?.status !== 200 && answer?.body.code !== 'plan_limit_reached') {
          throw new HoleError(`the other import was not over after ${ms} ms`)
        }
        const small = await within(
          other.call('POST', 'planner/keywords/import_csv/', csvForm(theirs, 'keyword\nsmall\n')),
          25_000,
        )
        if (small?.status !== 200) throw new HoleError('a small import was not answered')
        return `the other account's imports were answered in ${ms} ms`
      } finally {
        for (const upload of stalled) upload.abandon()
      }
    },
  },
  {
    name: 'imports 10 MB of commas, and of doubled quotes',
    async run(target) {
      const client = await target.owner()
      const sector = await newSector(client)
      await send(client, sector, 'keyword\nwarm\n')
      const seen: string[] = []
      for (const [what, csv] of [
        ['commas', `keyword\n${','.repeat(10 * MEGABYTE)}\n`],
        ['doubled quotes', `keyword\n"${'""'.repeat(5 * MEGABYTE)}"\n`],
      ] as const) {
        const before = rss(target)
        let peak = before
        const watch = setInterval(() => {
          peak = Math.max(peak, rss(target))
        }, 20)
        const answers = await Promise.all([1, 2, 3].map(() => send(client, sector, csv)))
        clearInterval(watch)
        await assertAlive(target)
        const status = answers.map(({ status }) => status).join()
        const grown = `three imports of ${what}: ${status}, ${Math.round(peak - before)} MB more`
        if (peak - before > 150) throw new HoleError(grown)
        seen.push(grown)
      }
      return seen.join('; ')
    },
  },
  {
    name: 'imports a form of 1,000 fields',
    async run(target) {
      const client = await target.owner()
      const form = csvForm(await newSector(client), 'keyword\nof a form\n')
      for (let n = 0; n < 1000; n++) form.set(`field-${n}`, 'x'.repeat(900))
      const { status, body } = await client.call('POST', 'planner/keywords/import_csv/', form)
      if (status !== 400) throw new HoleError(`answered ${status}`)
      return `answered 400: ${body.detail}`
    },
  },
]

function openUpload(
  { url, token }: Client,
  { site_id, sector_id }: Sector,
  csv: string,
): OpenRequest {
  const field = (name: string, value: number) =>
    `--X\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const file = `--X\r\ncontent-disposition: form-data; name="file"; filename="k.csv"\r\n\r\n${csv}`
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'multipart/form-data; boundary=X',
    'content-length': '90000000',
  }
  const begun = field('site_id', site_id) + field('sector_id', sector_id) + file
  return openRequest(url, 'POST', IMPORT, headers, begun)
}

const send = (client: Client, sector: Sector, csv: string) =>
  client.call('POST', 'planner/keywords/import_csv/', csvForm(sector, csv))

function within<T>(answer: Promise<T>, ms: number): Promise<T | undefined> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, ms, undefined))
  return Promise.race([answer.catch(() => undefined), late])
}

/** Megabytes that the service has in memory. */
function rss({ pid }: Target): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) / 1024
}
