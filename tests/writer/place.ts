import type { Client } from '../helpers/client.ts'
import type { TestService } from '../helpers/service.ts'

export type Place = { site_id: number; sector_id: number }

/** A site with one sector, made over HTTP. */
export async function newPlace(owner: Client, name = 'Coffee at home'): Promise<Place> {
  const site = await owner.post<{ id: number }>('auth/sites/', { name })
  const sector = await owner.post<{ id: number }>('auth/sectors/', {
    site_id: site.body.id,
    name: 'Brewing',
  })
  return { site_id: site.body.id, sector_id: sector.body.id }
}

/** Keywords of a place, the first with the largest volume. Returns their ids. */
export async function addKeywords(
  { sql }: TestService,
  { accountId }: Client,
  place: Place,
  keywords: string[],
): Promise<number[]> {
  const rows = await sql<{ id: string }[]>`
    insert into keywords (account_id, site_id, sector_id, keyword, volume)
    select ${accountId}, ${place.site_id}, ${place.sector_id}, keyword, 1000 - position
    from unnest(${keywords}::text[]) with ordinality as given (keyword, position)
    order by position returning id`
  return rows.map(({ id }) => Number(id))
}

export async function addCluster(
  { sql }: TestService,
  { accountId }: Client,
  place: Place,
  name: string,
): Promise<number> {
  const [row] = await sql<{ id: string }[]>`
    insert into clusters (account_id, site_id, sector_id, name)
    values (${accountId}, ${place.site_id}, ${place.sector_id}, ${name}) returning id`
  return Number(row!.id)
}

/** An idea that was queued to the writer. */
export async function addIdea(
  { sql }: TestService,
  { accountId }: Client,
  place: Place,
  estimated_word_count: number,
): Promise<number> {
  const [row] = await sql<{ id: string }[]>`
    insert into content_ideas (account_id, site_id, sector_id, idea_title, status, estimated_word_count)
    values (${accountId}, ${place.site_id}, ${place.sector_id}, 'An idea', 'scheduled', ${estimated_word_count})
    returning id`
  return Number(row!.id)
}

export type Task = Place & {
  id: number
  title: string
  status: string
  keywords: string
  keyword_objects: number[]
  html_content?: string
  word_count: number
  slug: string
  meta_title: string
  meta_description: string
  excerpt: string
  cluster_id: number | null
  error: { code: string; message: string; at: string } | null
}

/** A task made over HTTP; its status is queued unless `fields` say otherwise. */
export async function newTask(
  client: Client,
  place: Place,
  fields: Record<string, unknown> = {},
): Promise<Task> {
  const answer = await client.post<Task>('writer/tasks/', {
    ...place,
    title: 'How to brew coffee',
    ...fields,
  })
  if (answer.status !== 201) throw new Error(JSON.stringify(answer.body))
  return answer.body
}

/** A task that has an article. */
export function newDraft(client: Client, place: Place, fields: Record<string, unknown> = {}) {
  const html_content = '<h2>Water</h2><p>Hot but not boiling.</p><h2>Beans</h2><p>Fresh.</p>'
  return newTask(client, place, { html_content, status: 'draft', ...fields })
}

export async function getTask(client: Client, id: number): Promise<Task> {
  return (await client.get<Task>(`writer/tasks/${id}/`)).body
}

export type Balance = { balance: number; granted: number; charged: number; held: number }

export async function balance(client: Client): Promise<Balance> {
  return (await client.get<Balance>('billing/balance/')).body
}
