import { eq, sql } from 'drizzle-orm'
import { tasks } from '../../db/schema/writer.ts'
import { tellPlugin } from '../../server/publishing/deliveries.ts'
import { unpublishPost } from '../../wp-bridge/client/unpublish.ts'
import { StepError, type StepHandler } from '../step.ts'
import { ExchangeLog } from './exchange-log.ts'
import { databaseJournal } from './journal.ts'
import { openSite } from './site-access.ts'
import { askWordPress } from './wordpress-failure.ts'

/** Makes a task's post a draft in WordPress again; the task returns to review and keeps its post. */
export const unpublish: StepHandler = async (job) => {
  const taskId = job.step.object_id
  const [task] = await job.read((tx) => tx.select().from(tasks).where(eq(tasks.id, taskId)))
  if (!task) throw new StepError('not_found', 'The task was deleted.')
  const about = { type: 'post.unpublish', siteId: task.site_id } as const
  const log = await job.write((tx) => ExchangeLog.begin(tx, job, about))
  const post = await log.during(job, async () => {
    const site = await openSite(job, task.site_id, log)
    await job.requested('unpublish', `Asked ${site.wp_url} to make “${task.title}” a draft`)
    return askWordPress(() =>
      unpublishPost({
        api: site.api,
        journal: databaseJournal(job, site),
        post: { key: task.publication_key, slug: task.slug },
      }),
    )
  })
  return {
    message: `“${task.title}” is a draft again`,
    result: post,
    async write(tx) {
      await tx
        .update(tasks)
        .set({
          status: 'review',
          wp_status: post.wp_status,
          verify_at: null,
          error: null,
          updated_at: sql`now()`,
        })
        .where(eq(tasks.id, taskId))
      await tellPlugin(tx, 'task.updated', taskId)
      await log.delivered(tx)
    },
  }
}
