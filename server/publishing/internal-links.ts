import { z } from '@hono/zod-openapi'
import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { internal_links } from '../../db/schema/writer.ts'
import { DomainError, notFound } from '../errors.ts'
import { equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryId, RunIds, times } from '../http/schemas.ts'
import { type Actor, audit } from '../observability/audit.ts'
import type { RunPlan } from '../runs/accept-run.ts'
import { planPublishing } from './plan-publishing.ts'
import { withdrawApproval } from './withdraw-approval.ts'

/** Where a link should lead: to its page while that is live with a known title. Of a row of `internal_links`. */
export const wantedUrl = sql<
  string | null
>`(select case when t.wp_status = 'publish' and t.public_title is not null then t.post_url end
  from tasks t where t.account_id = internal_links.account_id and t.id = internal_links.to_task_id)`
/** Where its page links to when it is published next. */
export const nextUrl = sql<string | null>`(case when internal_links.accepted_url is null
  then internal_links.url else nullif(internal_links.accepted_url, '') end)`
const isLive = sql`(select f.wp_status = 'publish' from tasks f
  where f.account_id = internal_links.account_id and f.id = internal_links.from_task_id)`

const LINK_STATES = ['waiting', 'live', 'proposed', 'accepted', 'dismissed'] as const
const state = sql<(typeof LINK_STATES)[number]>`case
  when internal_links.url is not distinct from ${wantedUrl}
    then case when internal_links.url is null then 'waiting' else 'live' end
  when not coalesce(${isLive}, false) then 'waiting'
  when ${nextUrl} is not distinct from ${wantedUrl} then 'accepted'
  when internal_links.dismissed_url = coalesce(${wantedUrl}, '') then 'dismissed'
  else 'proposed' end`
const titleOf = (task: 'from_task_id' | 'to_task_id') =>
  sql<string>`(select title from tasks t where t.account_id = internal_links.account_id
    and t.id = internal_links.${sql.identifier(task)})`

const ORDERINGS = { created_at: internal_links.created_at }
export const InternalLinkQuery = listQuery(ORDERINGS, {
  site_id: queryId.optional(),
  from_task_id: queryId.optional(),
  to_task_id: queryId.optional(),
  state: z.enum(LINK_STATES).optional(),
})
export const InternalLinkIds = z.strictObject({ ids: RunIds })

export const InternalLink = z
  .object({
    id: z.int(),
    site_id: z.int(),
    sector_id: z.int(),
    from_task_id: z.int(),
    from_title: z.string(),
    to_task_id: z.int(),
    to_title: z.string(),
    state: z.enum(LINK_STATES).openapi({
      description:
        '`waiting`: the target page is not live yet; `live`: the link is published; `proposed`: a change of ' +
        'the published page is proposed; `accepted`: the change is made at the next update (accept it again ' +
        'if that fails); `dismissed`: the change was rejected.',
    }),
    url: z
      .string()
      .nullable()
      .openapi({ description: 'The URL that the page links to now, or null.' }),
    wanted_url: z.string().nullable().openapi({
      description: 'The URL that it should link to. Null if the target page is not live.',
    }),
    ...times,
  })
  .openapi('InternalLink')

export function listInternalLinks(tx: Tx, url: string, query: z.infer<typeof InternalLinkQuery>) {
  const { site_id, from_task_id, to_task_id } = query
  return listPage(tx, {
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: 'created_at',
    from: internal_links,
    rows: tx
      .select({
        id: internal_links.id,
        site_id: internal_links.site_id,
        sector_id: internal_links.sector_id,
        from_task_id: internal_links.from_task_id,
        from_title: titleOf('from_task_id').as('from_title'),
        to_task_id: internal_links.to_task_id,
        to_title: titleOf('to_task_id').as('to_title'),
        state: state.as('state'),
        url: internal_links.url,
        wanted_url: wantedUrl.as('wanted_url'),
        created_at: internal_links.created_at,
        updated_at: internal_links.updated_at,
      })
      .from(internal_links)
      .$dynamic(),
    where: [
      ...equalTo(internal_links, { site_id, from_task_id, to_task_id }),
      query.state && sql`${state} = ${query.state}`,
    ],
  })
}

/** Plans that published pages are updated with the changes of their links that somebody accepts. */
export async function planLinkChanges(tx: Tx, ids: number[]): Promise<RunPlan> {
  await requireChanges(tx, ids)
  const changed = await tx
    .update(internal_links)
    .set({
      accepted_url: sql`coalesce(${wantedUrl}, '')`,
      dismissed_url: null,
      updated_at: sql`now()`,
    })
    .where(among(ids))
    .returning({ from_task_id: internal_links.from_task_id })
  const pages = changed.map((link) => link.from_task_id)
  const plan = await planPublishing(tx, { ids: pages })
  // The pages will read otherwise than they were approved.
  await withdrawApproval(tx, pages)
  for (const step of plan.steps) step.params = { ...step.params, keep_status: true }
  return plan
}

/** Turns changes down: they are not proposed again, unless the other page moves once more. */
export async function dismissLinkChanges(tx: Tx, by: Actor, ids: number[]): Promise<number> {
  await requireChanges(tx, ids)
  const dismissed = await tx
    .update(internal_links)
    .set({
      dismissed_url: sql`coalesce(${wantedUrl}, '')`,
      accepted_url: null,
      updated_at: sql`now()`,
    })
    .where(among(ids))
    .returning({ id: internal_links.id })
  await audit(tx, by, 'internal_links.dismissed', { detail: { ids } })
  return dismissed.length
}

const among = (ids: number[]) => sql`${internal_links.id} = any(${sql.param(ids)}::bigint[])`

async function requireChanges(tx: Tx, ids: number[]): Promise<void> {
  const found = await tx
    .select({ id: internal_links.id, state })
    .from(internal_links)
    .where(among(ids))
    .orderBy(internal_links.id)
    .for('no key update')
  if (found.length < new Set(ids).size) throw notFound()
  const others = found.filter(({ state }) => state === 'waiting' || state === 'live')
  if (others.length === 0) return
  const named = others.slice(0, 20).map((link) => `${link.id} is ${link.state}`)
  throw new DomainError(
    'wrong_state',
    `Only links with a proposed change can be accepted or dismissed: link ${named.join(', ')}.`,
  )
}
