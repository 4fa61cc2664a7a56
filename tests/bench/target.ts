import { load } from './load.ts'

/** A service that speaks the keyword API, and where its bearer may write. */
export type Target = { name: string; url: string; token: string; place: Place }
type Place = { site_id: number; sector_id: number }

const INTENTS = ['informational', 'navigational', 'commercial', 'transactional']
const WORDS = ['best', 'guide', 'price', 'beginners', 'cheap', 'review', '2025', 'winter']
let made = 0
/** Of one length, so that payloads are equal. */
const tag = () => `${Date.now().toString(36)}${String(++made).padStart(7, '0')}`

async function call(target: Target, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${target.token}`, ...init.headers }
  return fetch(`${target.url}/api/v1/${path}`, { ...init, headers })
}

/** Fifty rows of a site's keywords, those with the highest volume first. Requests a second. */
export async function listKeywords(target: Target, seconds: number): Promise<number> {
  const path = `planner/keywords/?site_id=${target.place.site_id}&ordering=-volume&page_size=50`
  return (await load(seconds, () => call(target, path))).rps
}

/** Keywords added one by one. Requests a second. */
export async function createKeywords(target: Target, seconds: number): Promise<number> {
  const send = () =>
    call(target, 'planner/keywords/', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...target.place, keyword: `trail shoes ${tag()}`, volume: 320 }),
    })
  return (await load(seconds, send)).rps
}

/** New keywords from one file. Rows a second. */
export async function importKeywords(target: Target, rows: number): Promise<number> {
  const form = new FormData()
  for (const [name, id] of Object.entries(target.place)) {
    form.set(name, String(id))
    form.set(name.replace('_id', ''), String(id))
  }
  form.set('file', new File([csvOf(rows)], 'keywords.csv', { type: 'text/csv' }))
  const began = performance.now()
  const answer = await call(target, 'planner/keywords/import_csv/', { method: 'POST', body: form })
  const body = await answer.json()
  if (body.imported !== rows) throw new Error(`${target.name}: ${JSON.stringify(body)}`)
  return rows / ((performance.now() - began) / 1000)
}

function csvOf(rows: number): string {
  const prefix = tag()
  const lines = ['keyword,volume,difficulty,intent']
  for (let n = 0; n < rows; n++) {
    lines.push(`${WORDS[n % 8]} ${prefix} ${n},${(n * 37) % 9000},${n % 101},${INTENTS[n % 4]}`)
  }
  return lines.join('\n')
}
