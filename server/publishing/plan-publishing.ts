import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { sites } from '../../db/schema/auth.ts'
import { type TaskStatus, tasks } from '../../db/schema/writer.ts'
import type { Tx } from '../../db/tenancy.ts'
import type { RunPlan } from '../accept-run.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import { requireActive } from '../require-active.ts'
import { publishJob, unpublishJob } from './jobs.ts'
import { notLinked } from './link.ts'
import type { PublishTasks } from './schemas.ts'

const PUBLISHABLE: TaskStatus[] = ['draft', 'review', 'published', 'completed']

/** Plans the publishing of articles, one step a task. */
export async function planPublishing(
  tx: Tx,
  input: z.infer<typeof PublishTasks>,
): Promise<RunPlan> {
  const { publish_at } = input
  if (publish_at && Date.parse(publish_at) <= Date.now()) {
    throw invalid('publish_at', 'must be in the future')
  }
  const status = publish_at ? 'future' : (input.status ?? 'publish')
  const ids = [...new Set(input.ids)]
  const rows = await linkedTasks(tx, ids)
  await requireActive(tx, rows)
  requireStatus(rows, PUBLISHABLE, 'Only a task with an article can be published')
  const params = { status, publish_at }
  return {
    kind: 'publish',
    siteId: commonSite(rows),
    params: { ids, ...params },
    steps: ids.map((id, place) => ({
      contract: publishJob,
      objectId: id,
      price: 0,
      params: { ...params, place },
    })),
  }
}

/** Plans that a post becomes a draft in WordPress again. */
export async function planUnpublishing(tx: Tx, id: number): Promise<RunPlan> {
  const rows = await linkedTasks(tx, [id])
  requireStatus(rows, ['published', 'completed'], 'Only a published task can be unpublished')
  return {
    kind: 'unpublish',
    siteId: commonSite(rows),
    params: { ids: [id] },
    steps: [{ contract: unpublishJob, objectId: id, price: 0 }],
  }
}

type Row = {
  id: number
  status: TaskStatus
  site_id: number
  sector_id: number
  name: string
  wp_url: string | null
}

/** The tasks, all of them visible and on linked sites. */
async function linkedTasks(tx: Tx, ids: number[]): Promise<Row[]> {
  const rows = await tx
    .select({
      id: tasks.id,
      status: tasks.status,
      site_id: tasks.site_id,
      sector_id: tasks.sector_id,
      name: sites.name,
      wp_url: sites.wp_url,
    })
    .from(tasks)
    .innerJoin(sites, eq(sites.id, tasks.site_id))
    .where(sql`${tasks.id} = any(${sql.param(ids)}::bigint[])`)
  if (rows.length < ids.length) throw notFound()
  const unlinked = rows.find(({ wp_url }) => !wp_url)
  if (unlinked) throw notLinked(unlinked.name)
  return rows
}

function requireStatus(rows: Row[], allowed: TaskStatus[], sentence: string): void {
  const others = rows.filter(({ status }) => !allowed.includes(status))
  if (others.length === 0) return
  const named = others.slice(0, 20).map(({ id, status }) => `${id} is ${status}`)
  throw new DomainError('wrong_state', `${sentence}: task ${named.join(', ')}.`)
}

function commonSite(rows: Row[]): number | null {
  const found = new Set(rows.map(({ site_id }) => site_id))
  return found.size === 1 ? rows[0]!.site_id : null
}
