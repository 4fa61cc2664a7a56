import { z } from '@hono/zod-openapi'
import { and, eq, sql } from 'drizzle-orm'
import { ReadOnlyScopeError, type Tx } from '../../db/database.ts'
import { accounts } from '../../db/schema/accounts.ts'
import { run_steps } from '../../db/schema/runs.ts'
import { tasks } from '../../db/schema/writer.ts'
import type { Deps } from '../deps.ts'
import { DomainError, notFound } from '../errors.ts'
import { objectId, text } from '../http/schemas.ts'
import { systemCaller } from '../identity/system-caller.ts'
import { acceptRun } from '../runs/accept-run.ts'
import { openSteps } from '../runs/open-steps.ts'
import { approveTasks } from './approve.ts'
import { type BridgeSite, isNewWebhook } from './bridge-site.ts'
import { examineIn } from './examine.ts'
import { planPublishing } from './plan-publishing.ts'

/** What a user of the site's WordPress asks for on the plugin's page. */
export const BridgeAction = z
  .discriminatedUnion('action', [
    z.strictObject({
      action: z.literal('publish').openapi({ description: 'Approves and publishes the article.' }),
      task_id: objectId,
      updated_at: z.iso.datetime().openapi({
        description:
          'The version of the article that was shown. If it has changed since, it is not approved.',
      }),
      /** The login name in WordPress, for the record. */
      user: text(100),
    }),
    z.strictObject({ action: z.literal('examine'), user: text(100) }),
  ])
  .openapi('BridgeAction')
type BridgeAction = z.infer<typeof BridgeAction>

/** Does what was asked for, once for each webhook. */
export function takeAction(
  deps: Deps,
  { accountId, siteId }: BridgeSite,
  webhook_id: string,
  action: BridgeAction,
  requestId: string,
): Promise<void> {
  return deps.database.withAccount({ accountId }, async (tx) => {
    await requireOpenAccount(tx, accountId)
    if (!(await isNewWebhook(tx, { accountId, siteId }, webhook_id, action.action))) return
    const caller = { ...systemCaller(accountId), actor: 'plugin' as const, requestId }
    if (action.action === 'examine') {
      await examineIn(tx, deps, caller, siteId)
      return
    }
    const id = action.task_id
    await requireUnchanged(tx, siteId, action)
    await approveTasks(tx, deps.queue, caller, `${action.user} in WordPress`, [id])
    if (await isGoingPublic(tx, id)) return
    await acceptRun(tx, deps.queue, caller, await planPublishing(tx, { ids: [id] }))
  })
}

/** A scope without a user may write to a closed account. This call comes from a person, so it must not. */
async function requireOpenAccount(tx: Tx, id: number): Promise<void> {
  const [account] = await tx
    .select({ status: accounts.status })
    .from(accounts)
    .where(eq(accounts.id, id))
  if (account?.status === 'suspended') throw new ReadOnlyScopeError('account_suspended')
  if (account?.status === 'cancelled') throw new ReadOnlyScopeError('account_cancelled')
}

/** Locks the task: it must be the site's, and as it was shown. */
async function requireUnchanged(
  tx: Tx,
  siteId: number,
  { task_id, updated_at }: { task_id: number; updated_at: string },
): Promise<void> {
  const [task] = await tx
    .select({ updated_at: tasks.updated_at })
    .from(tasks)
    .where(and(eq(tasks.id, task_id), eq(tasks.site_id, siteId)))
    .for('no key update')
  if (!task) throw notFound()
  if (task.updated_at.getTime() === Date.parse(updated_at)) return
  throw new DomainError(
    'precondition_failed',
    'The article has changed since it was shown. Reload it and read it again before you approve it.',
  )
}

/** Whether a publication waited for the approval; sending a draft is not a publication. */
async function isGoingPublic(tx: Tx, taskId: number): Promise<boolean> {
  const [open] = await tx
    .select({ id: run_steps.id })
    .from(run_steps)
    .where(
      and(
        openSteps('publish', taskId),
        sql`coalesce(${run_steps.params} ->> 'status', 'publish') in ('publish', 'future')`,
      ),
    )
  return open !== undefined
}
