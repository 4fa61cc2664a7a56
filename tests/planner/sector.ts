import type { Answer, Client, Json } from '../helpers/client.ts'
import type { TestService } from '../helpers/service.ts'

export type Sector = { site_id: number; sector_id: number }
export type Row = Json & { id: number }
export type List<T = Row> = { count: number; next: string | null; results: T[] }
export type Problem = {
  code: string
  cause_code?: string
  detail: string
  errors?: { path: string }[]
}

/** A site of the owner's with one sector. */
export async function newSector(owner: Client, name = 'Coffee'): Promise<Sector> {
  const site = await owner.post<Row>('auth/sites/', { name })
  return { site_id: site.body.id, sector_id: await addSector(owner, site.body.id, name) }
}

export async function addSector(owner: Client, site_id: number, name: string): Promise<number> {
  const sector = await owner.post<Row>('auth/sectors/', { site_id, name })
  return sector.body.id
}

export async function addKeywords(
  client: Client,
  sector: Sector,
  keywords: (string | Json)[],
): Promise<number[]> {
  const ids: number[] = []
  for (const keyword of keywords) {
    const fields = typeof keyword === 'string' ? { keyword } : keyword
    const { body } = await client.post<Row>('planner/keywords/', { ...sector, ...fields })
    ids.push(body.id)
  }
  return ids
}

export type Imported = {
  imported: number
  updated: number
  skipped: number
  errors: { line: number; message: string }[]
  errors_truncated: number
}

export function importCsv<T = Imported>(
  client: Client,
  sector: Sector,
  csv: string | Uint8Array<ArrayBuffer>,
): Promise<Answer<T>> {
  return client.call<T>('POST', 'planner/keywords/import_csv/', csvForm(sector, csv))
}

export function csvForm({ site_id, sector_id }: Sector, csv: string | Uint8Array<ArrayBuffer>) {
  const form = new FormData()
  form.set('site_id', String(site_id))
  form.set('sector_id', String(sector_id))
  form.set('file', new Blob([csv], { type: 'text/csv' }), 'keywords.csv')
  return form
}

const FIELDS = ['keyword', 'volume', 'difficulty', 'intent'] as const

/** Keyword, volume, difficulty and intent of all that the sector has, as it was added. */
export async function stored({ sql }: TestService, { sector_id }: Sector) {
  const rows = await sql`select keyword, volume, difficulty, intent from keywords
    where sector_id = ${sector_id} order by id`
  return rows.map((row) => FIELDS.map((field) => row[field]))
}
