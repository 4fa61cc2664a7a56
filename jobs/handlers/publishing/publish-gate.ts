import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { run_steps, runs } from '../../../db/schema/runs.ts'
import { sites } from '../../../db/schema/sites.ts'
import { tasks } from '../../../db/schema/writer.ts'
import { submitForReview } from '../../../server/tasks/task-status.ts'
import type { Link } from '../../../wp-bridge/client/blocks/insert-links.ts'
import { holdStep } from '../../steps/finish-step.ts'
import { fence, type Step, StepError, type StepJob, StepOnHold } from '../../steps/step.ts'
import { linksOf } from './article-links.ts'
import { DeliveryLog } from './delivery-log.ts'
import { type Article, loadArticle } from './load-article.ts'
import { assignSlots, MAY_BE_THERE } from './slots.ts'

type Site = typeof sites.$inferSelect
type Wait = { held?: 'approval' | 'paused'; message: string }
/** With its links, and the log of this attempt. */
export type LinkedArticle = Article & { links: Link[]; log: DeliveryLog }
type Wanted = { status: string; publish_at?: string | undefined; keep_status?: boolean | undefined }

/**
 * The article of a publish step, if it may be sent now. Throws `StepOnHold` when the step must
 * wait: for its site, for approval, or for its slot in the drip.
 *
 * Site and task stay locked until the decision is written, so nobody approves, changes or resumes
 * in between, and slots are assigned by one worker at a time.
 */
export async function articleInTurn(job: StepJob, wanted: Wanted): Promise<LinkedArticle> {
  const { step, deps, scope } = job
  const { article, wait } = await deps.database.withAccount(scope, async (tx) => {
    const site = await lockSiteOf(tx, step.object_id)
    await fence(tx, step)
    const article = await loadArticle(tx, step.object_id)
    const wait = await reasonToWait(tx, step, { site, article, wanted })
    if (wait) await holdStep(tx, step, wait)
    else await begin(tx, step, article)
    if (wait) return { wait }
    const links = await linksOf(tx, article.task)
    const { status, publish_at, keep_status } = wanted
    const log = await DeliveryLog.begin(tx, job, {
      type: 'post.publish',
      siteId: site.id,
      wanted: { status, publish_at, keep_status },
    })
    return { article: { ...article, links, log } }
  })
  if (!article) throw new StepOnHold(wait.message)
  return article
}

async function lockSiteOf(tx: Tx, taskId: number): Promise<Site> {
  const [row] = await tx
    .select({ site: sites })
    .from(tasks)
    .innerJoin(sites, and(eq(sites.account_id, tasks.account_id), eq(sites.id, tasks.site_id)))
    .where(eq(tasks.id, taskId))
    .for('no key update')
  if (!row) throw new StepError('not_found', 'The task was deleted.')
  return row.site
}

async function reasonToWait(
  tx: Tx,
  step: Step,
  { site, article, wanted }: { site: Site; article: Article; wanted: Wanted },
): Promise<Wait | undefined> {
  const { task } = article
  if (site.wp_paused_at) return pausedMessage(site)
  const becomesPublic = wanted.status === 'publish' || wanted.status === 'future'
  if (site.requires_approval && becomesPublic && !task.approved_at) {
    await submitForReview(tx, task.id)
    return { held: 'approval', message: `“${task.title}” waits for approval` }
  }
  const isNew = wanted.status === 'publish' && task.wp_status !== 'publish'
  const dripped = site.publish_per_day !== null && isNew && !(await isBegun(tx, task.id))
  const slot = dripped ? await slotOf(tx, site.id, step) : null
  return slot ? { message: `“${task.title}” is due at ${slot.toISOString()}` } : undefined
}

export const pausedMessage = (site: Pick<Site, 'name' | 'wp_pause_reason'>): Wait => ({
  held: 'paused',
  message: `“${site.name}” is paused. igny8 probes the site and resumes publishing when it works again. ${site.wp_pause_reason?.message ?? ''}`,
})

/**
 * Whether the post may exist already because a response was lost. Such a post does not wait for a
 * slot.
 */
async function isBegun(tx: Tx, taskId: number): Promise<boolean> {
  const [row] = await tx.select({ begun: MAY_BE_THERE }).from(tasks).where(eq(tasks.id, taskId))
  return row!.begun
}

/** The slot of the step, unless it is due. */
async function slotOf(tx: Tx, siteId: number, step: Step): Promise<Date | null> {
  await assignSlots(tx, siteId)
  const [row] = await tx
    .select({ slot: run_steps.not_before, isDue: sql<boolean>`${run_steps.not_before} <= now()` })
    .from(run_steps)
    .where(eq(run_steps.id, step.id))
  return row?.slot && !row.isDue ? row.slot : null
}

async function begin(tx: Tx, step: Step, { task }: Article): Promise<void> {
  await tx
    .update(runs)
    .set({
      phase: 'publish',
      message: `Publishing “${task.title}”`,
      state: 'PROGRESS',
      updated_at: sql`now()`,
    })
    .where(eq(runs.id, step.run_id))
}
