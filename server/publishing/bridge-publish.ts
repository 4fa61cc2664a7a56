import { z } from '@hono/zod-openapi'
import { and, desc, eq, sql } from 'drizzle-orm'
import { sites } from '../../db/schema/auth.ts'
import { run_steps } from '../../db/schema/system.ts'
import { tasks } from '../../db/schema/writer.ts'
import type { Tx } from '../../db/tenancy.ts'
import { acceptRun } from '../accept-run.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import { DomainError, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { objectId, text } from '../http/schemas.ts'
import { approveTasks } from './approve.ts'
import { type BridgeSite, isNewWebhook } from './bridge-site.ts'
import { planPublishing } from './plan-publishing.ts'

export const PublishFromWordPress = z.strictObject({
  task_id: objectId.openapi({ description: 'A task of this site.' }),
  wordpress_user: text(100).openapi({ description: 'The sign-in name of who asks for it.' }),
})

/**
 * Publishes an article as a user of the site's WordPress asks for, and approves it where the site wants
 * that. A publication that is under way is let go on. Returns the run; for a webhook that was acted on
 * already the task's last one. Throws a 404 for what is no task of this site.
 */
export function publishFromWordPress(
  deps: Deps,
  caller: Caller,
  { siteId }: BridgeSite,
  webhookId: string,
  input: z.infer<typeof PublishFromWordPress>,
): Promise<number> {
  const { accountId, requestId } = caller
  const { task_id: id, wordpress_user } = input
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const isNew = await isNewWebhook(tx, { accountId, siteId }, webhookId, 'task.publish')
    const [task] = await tx
      .select({ requires_approval: sites.requires_approval })
      .from(tasks)
      .innerJoin(sites, eq(sites.id, tasks.site_id))
      .where(and(eq(tasks.id, id), eq(tasks.site_id, siteId)))
      // A publication that ends at this moment is seen ended.
      .for('no key update', { of: tasks })
    if (!task) throw notFound()
    const last = await lastPublication(tx, id)
    if (!isNew) return runOf(last)
    const approvedBy = `${wordpress_user} in WordPress`
    const who = { accountId, userId: null, requestId, approvedBy }
    if (task.requires_approval) await approveTasks(tx, deps.queue, who, [id])
    const run_id = last?.isGoingPublic
      ? last.run_id
      : await acceptRun(tx, deps.queue, caller, await planPublishing(tx, { ids: [id] }))
    const object = { type: 'task', id }
    const detail = { wordpress_user, run_id }
    const action = 'task.published_from_wordpress'
    await audit(tx, { accountId, userId: null, requestId, action, object, detail })
    return run_id
  })
}

type Publication = { run_id: number; isGoingPublic: boolean }

async function lastPublication(tx: Tx, taskId: number): Promise<Publication | undefined> {
  const [step] = await tx
    .select({
      run_id: run_steps.run_id,
      isGoingPublic: sql<boolean>`${run_steps.state} in ('waiting', 'pending', 'running')
        and coalesce(${run_steps.params} ->> 'status', 'publish') in ('publish', 'future')`,
    })
    .from(run_steps)
    .where(and(eq(run_steps.kind, 'publish'), eq(run_steps.object_id, taskId)))
    .orderBy(desc(run_steps.id))
    .limit(1)
  return step
}

function runOf(publication: Publication | undefined): number {
  if (publication) return publication.run_id
  throw new DomainError('already_done', 'A webhook with this id was acted on already.')
}
