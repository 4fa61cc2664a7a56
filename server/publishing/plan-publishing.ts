import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { sites } from '../../db/schema/sites.ts'
import { type TaskStatus, tasks } from '../../db/schema/writer.ts'
import { invalid, notFound } from '../errors.ts'
import type { RunPlan } from '../runs/accept-run.ts'
import { contracts } from '../runs/job-contracts.ts'
import { requireActive } from '../sites/require-active.ts'
import { commonSite, requireStatus } from '../tasks/task-selection.ts'
import { cancelPublications, requireNotUnpublishing } from './cancel-publications.ts'
import { notLinked } from './link.ts'
import type { PublishTasks } from './schemas.ts'

const PUBLISHED: TaskStatus[] = ['published', 'completed']
const PUBLISHABLE: TaskStatus[] = ['draft', 'review', ...PUBLISHED]

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
  await requireNotUnpublishing(tx, ids)
  const params = { status, publish_at }
  return {
    kind: 'publish',
    siteId: commonSite(rows),
    params: { ids, ...params },
    steps: ids.map((id, place) => ({
      contract: contracts.publish,
      objectId: id,
      price: 0,
      params: { ...params, place },
    })),
  }
}

/**
 * Plans that a post becomes a draft in WordPress again, and cancels the publications of the task that
 * wait. Throws `already_running` while one is being sent.
 */
export async function planUnpublishing(tx: Tx, id: number): Promise<RunPlan> {
  const rows = await linkedTasks(tx, [id])
  const hasPost = rows[0]!.assigned_post_id !== null
  const allowed = hasPost ? PUBLISHABLE : PUBLISHED
  requireStatus(rows, allowed, 'Only a published task can be unpublished')
  const unsettled = await cancelPublications(tx, id)
  return {
    kind: 'unpublish',
    siteId: commonSite(rows),
    params: { ids: [id] },
    steps: [{ contract: contracts.unpublish, objectId: id, price: 0, params: { unsettled } }],
  }
}

type Row = {
  id: number
  assigned_post_id: number | null
  status: TaskStatus
  site_id: number
  sector_id: number
  name: string
  wp_url: string | null
}

/** The tasks, all of them visible and on linked sites, locked so that publishing and unpublishing take turns. */
async function linkedTasks(tx: Tx, ids: number[]): Promise<Row[]> {
  const rows = await tx
    .select({
      id: tasks.id,
      assigned_post_id: tasks.assigned_post_id,
      status: tasks.status,
      site_id: tasks.site_id,
      sector_id: tasks.sector_id,
      name: sites.name,
      wp_url: sites.wp_url,
    })
    .from(tasks)
    .innerJoin(sites, eq(sites.id, tasks.site_id))
    .where(sql`${tasks.id} = any(${sql.param(ids)}::bigint[])`)
    .orderBy(tasks.id)
    .for('no key update', { of: tasks })
  if (rows.length < ids.length) throw notFound()
  const unlinked = rows.find(({ wp_url }) => !wp_url)
  if (unlinked) throw notLinked(unlinked.name)
  return rows
}
