import { and, eq, isNull, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { accounts, plans } from '../../db/schema/accounts.ts'
import { sites } from '../../db/schema/sites.ts'
import type { TaskStatus } from '../../db/schema/writer.ts'
import { ARTICLE_PRICE, IMAGE_PRICE } from '../billing/prices.ts'
import { DomainError, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { planLimitReached } from '../http/plan-limit-errors.ts'
import type { NewStep, RunPlan } from '../runs/accept-run.ts'
import { contracts } from '../runs/job-contracts.ts'
import { requireActive } from '../sites/require-active.ts'
import { commonSite, requireStatus } from '../tasks/task-selection.ts'
import { type LockedTask, lockTasks } from './lock-tasks.ts'
import type { GenerateContent, GenerateImages } from './schemas.ts'

const ORIGINALS_PER_TASK = 2
const WITH_ARTICLE: TaskStatus[] = ['draft', 'review', 'published', 'completed']

/** Plans the generation of articles for queued tasks, and the steps that follow it. */
export async function planContent(
  tx: Tx,
  input: z.infer<typeof GenerateContent>,
  { accountId }: Caller,
): Promise<RunPlan> {
  const then = new Set(input.then)
  const rows = await requireTasks(tx, input.ids)
  requireStatus(
    rows,
    ['queued'],
    'Articles can be generated only for queued tasks. Set the status to queued first',
  )
  if (then.has('publish')) await requireLinked(tx, rows)
  const originals = then.has('images')
    ? await originalsATask(tx, accountId, input.images_per_task)
    : 0
  return {
    kind: 'generate_content',
    siteId: commonSite(rows),
    params: { ids: rows.map(({ id }) => id), follow: [...then], images_per_task: originals },
    steps: contentSteps(rows, originals, then.has('publish')),
  }
}

/** Plans the generation of images for tasks that have an article. */
export async function planImages(
  tx: Tx,
  input: z.infer<typeof GenerateImages>,
  { accountId }: Caller,
): Promise<RunPlan> {
  const rows = await requireTasks(tx, input.ids)
  requireStatus(
    rows,
    WITH_ARTICLE,
    'Images can be generated only for tasks with an article. Generate the article first',
  )
  const originals = await originalsATask(tx, accountId, input.images_per_task)
  return {
    kind: 'generate_images',
    siteId: commonSite(rows),
    params: { ids: rows.map(({ id }) => id), images_per_task: originals },
    steps: rows.map(({ id }) => imagesStep(id, originals, rows.length === 1)),
    // A run for one task counts its images, one for several its tasks.
    ...(rows.length === 1 ? { total: originals } : {}),
  }
}

function contentSteps(rows: LockedTask[], originals: number, publish: boolean): NewStep[] {
  const steps: NewStep[] = []
  for (const { id } of rows) {
    let last =
      steps.push({ contract: contracts.generate_content, objectId: id, price: ARTICLE_PRICE }) - 1
    if (originals > 0) last = steps.push({ ...imagesStep(id, originals), after: last }) - 1
    const params = { status: 'publish' }
    if (publish)
      steps.push({ contract: contracts.publish, objectId: id, price: 0, params, after: last })
  }
  return steps
}

function imagesStep(id: number, originals: number, counts_images = false): NewStep {
  const params = { images_per_task: originals, counts_images }
  return {
    contract: contracts.generate_images,
    objectId: id,
    price: IMAGE_PRICE * originals,
    params,
  }
}

async function requireTasks(tx: Tx, ids: number[]): Promise<LockedTask[]> {
  const rows = await lockTasks(tx, ids)
  if (rows.length < new Set(ids).size) throw notFound()
  await requireActive(tx, rows)
  return rows
}

async function requireLinked(tx: Tx, rows: LockedTask[]): Promise<void> {
  const ids = [...new Set(rows.map(({ site_id }) => site_id))]
  const [unlinked] = await tx
    .select({ id: sites.id, name: sites.name })
    .from(sites)
    .where(and(isNull(sites.wp_url), sql`${sites.id} = any(${sql.param(ids)}::bigint[])`))
    .limit(1)
  if (!unlinked) return
  throw new DomainError(
    'site_not_linked',
    `The site "${unlinked.name}" is not connected to WordPress. Connect it with PUT auth/sites/${unlinked.id}/wordpress/ first, or leave "publish" out of "then".`,
  )
}

async function originalsATask(tx: Tx, accountId: number, wanted?: number): Promise<number> {
  const [plan] = await tx
    .select({ limit: plans.max_images_per_task })
    .from(accounts)
    .innerJoin(plans, eq(plans.id, accounts.plan_id))
    .where(eq(accounts.id, accountId))
  const limit = plan?.limit ?? 0
  const originals = wanted ?? Math.min(ORIGINALS_PER_TASK, limit)
  if (originals >= 1 && originals <= limit) return originals
  throw planLimitReached('max_images_per_task', limit)
}
