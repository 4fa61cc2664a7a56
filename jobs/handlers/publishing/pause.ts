import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { run_steps } from '../../../db/schema/runs.ts'
import { type PauseReason, sites } from '../../../db/schema/sites.ts'
import { tasks } from '../../../db/schema/writer.ts'
import { audit, systemActor } from '../../../server/observability/audit.ts'
import { enqueueSiteWebhook } from '../../../server/publishing/deliveries.ts'
import { contracts } from '../../../server/runs/job-contracts.ts'
import { release } from '../../../server/runs/step-states.ts'
import { isRefusal, WordPressError } from '../../../wp-bridge/client/http/errors.ts'
import {
  CHECK_SITE_AFTER_RETRIES,
  PROBE_SECONDS,
} from '../../../wp-bridge/client/publish/retry-policy.ts'
import { holdStep } from '../../steps/finish-step.ts'
import { fence, StepError, type StepJob, StepOnHold, type WorkerDeps } from '../../steps/step.ts'
import { findSiteProblem } from './find-site-problem.ts'
import { pausedMessage } from './publish-gate.ts'

/**
 * Decides what happens to a publish step after a failure of its site. If the site works for nobody,
 * pauses it, puts the step on hold and throws `StepOnHold`. Returns if the failure concerns the
 * step alone. A retryable refusal that the site repeats for this step alone is thrown as final.
 */
export async function pauseIfDown(job: StepJob, siteId: number, error: unknown): Promise<void> {
  const { step } = job
  const cause = error instanceof Error ? error.cause : undefined
  if (!(cause instanceof WordPressError) || !mayBeDown(cause, step.retries)) return
  const reason = await findSiteProblem(job, siteId)
  if (!reason && cause.retryable && isRefusal(cause)) {
    throw new StepError(cause.code, `${cause.message} ${cause.remedy}`, { cause })
  }
  if (!reason) return
  const message = await job.deps.database.withAccount(job.scope, async (tx) => {
    const wait = pausedMessage(await pauseSite(tx, siteId, reason))
    await fence(tx, step)
    await holdStep(tx, step, { ...wait, retries: step.retries + 1 })
    return wait.message
  })
  throw new StepOnHold(message)
}

/** Whether the failure may concern the whole site. */
function mayBeDown({ retryable, status, code }: WordPressError, retries: number): boolean {
  if (retries >= contracts.publish.retryDelays.length) return false
  if (retryable) return retries >= CHECK_SITE_AFTER_RETRIES
  return status !== undefined || code.startsWith('egress_')
}

async function pauseSite(tx: Tx, id: number, reason: PauseReason) {
  const [paused] = await tx
    .update(sites)
    .set({
      wp_paused_at: sql`now()`,
      wp_pause_reason: reason,
      wp_probe_at: probeAfter(0),
      wp_probes: 0,
      updated_at: sql`now()`,
    })
    .where(and(eq(sites.id, id), isNull(sites.wp_paused_at)))
    .returning()
  if (!paused) return { name: 'The site', wp_pause_reason: reason }
  await noteSite(tx, 'site.paused', paused, reason)
  return paused
}

/** The time of the next probe of a paused site, after `probes` of them. */
export function probeAfter(probes: number) {
  const seconds = PROBE_SECONDS[Math.min(probes, PROBE_SECONDS.length - 1)]!
  return sql`now() + ${seconds} * interval '1 second'`
}

/**
 * Resumes the publications of a paused site in the order of the requests. Those of a drip get new
 * slots. Does nothing for a site that is not paused.
 */
export async function resumeSite(tx: Tx, deps: Pick<WorkerDeps, 'queue'>, id: number) {
  const [resumed] = await tx
    .update(sites)
    .set({ wp_paused_at: null, wp_pause_reason: null, wp_probe_at: null, updated_at: sql`now()` })
    .where(and(eq(sites.id, id), sql`${sites.wp_paused_at} is not null`))
    .returning()
  if (!resumed) return
  const ofSite = tx
    .select({ account_id: tasks.account_id, id: tasks.id })
    .from(tasks)
    .where(eq(tasks.site_id, id))
  const released = await release(
    tx,
    and(
      eq(run_steps.kind, 'publish'),
      sql`${run_steps.held} is distinct from 'approval'`,
      sql`(${run_steps.account_id}, ${run_steps.object_id}) in ${ofSite}`,
    ),
    { not_before: null, retry_at: null },
  )
  const place = ({ params }: { params: Record<string, unknown> }) => Number(params.place ?? 0)
  released.sort((a, b) => a.run_id - b.run_id || place(a) - place(b) || a.id - b.id)
  await deps.queue.enqueue(tx, released)
  await noteSite(tx, 'site.resumed', resumed)
}

async function noteSite(
  tx: Tx,
  event: 'site.paused' | 'site.resumed',
  { account_id: accountId, id }: { account_id: number; id: number },
  reason?: PauseReason,
): Promise<void> {
  const detail = { ...reason }
  const object = { type: 'site', id } as const
  await audit(tx, systemActor(accountId), event, { object, detail })
  await enqueueSiteWebhook(tx, event, id, reason?.message)
}
