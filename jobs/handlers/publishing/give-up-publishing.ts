import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { wordpress_deliveries } from '../../../db/schema/bridge.ts'
import { sites } from '../../../db/schema/sites.ts'
import { tasks, wordpress_objects } from '../../../db/schema/writer.ts'
import { StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { type Article, loadArticle } from './load-article.ts'
import { Params, recordPublished } from './publish.ts'

/**
 * Ends a publication during which worker after worker died. Calls nothing: if a post is on record,
 * the step succeeds and the post is checked next. Otherwise the error says whether WordPress may
 * have the post.
 */
export const giveUpPublishing: StepHandler = async (job) => {
  const { article, known, isRecorded } = await job.read(async (tx) => {
    const article = await loadArticle(tx, job.step.object_id)
    const known = await knownPost(tx, article)
    return { article, known, isRecorded: await isDelivered(tx, job) }
  })
  const { task } = article
  const isCreated = known?.remote_id != null && task.assigned_post_id === null
  if (!isRecorded && !isCreated) throw new StepError('worker_died', whatIsThere(article, known))
  const { status, publish_at } = Params.parse(job.step.params)
  const post = isRecorded
    ? { post_id: task.assigned_post_id!, url: task.post_url, wp_status: task.wp_status ?? status }
    : { post_id: known!.remote_id!, url: null, wp_status: status }
  return {
    message: `“${task.title}” is published`,
    result: { ...post, live: false },
    async write(tx) {
      if (!isRecorded) await recordPublished(tx, article, post, publish_at)
      // The check reads its address and status from WordPress.
      await tx.update(tasks).set({ verify_at: sql`now()` }).where(eq(tasks.id, task.id))
    },
  }
}

type Known = Pick<typeof wordpress_objects.$inferSelect, 'remote_id' | 'intent_at'> | undefined

/** The intent log’s entry of the task’s post in the WordPress that its site is linked to. */
async function knownPost(tx: Tx, { task }: Article): Promise<Known> {
  const [found] = await tx
    .select({ remote_id: wordpress_objects.remote_id, intent_at: wordpress_objects.intent_at })
    .from(wordpress_objects)
    .innerJoin(
      sites,
      and(
        eq(sites.id, wordpress_objects.site_id),
        eq(sites.wp_rest_root, wordpress_objects.wp_rest_root),
      ),
    )
    .where(
      and(
        eq(wordpress_objects.site_id, task.site_id),
        eq(wordpress_objects.kind, 'post'),
        eq(wordpress_objects.key, task.publication_key),
      ),
    )
  return found
}

/** Whether an attempt of this step recorded that the post is published. */
async function isDelivered(tx: Tx, { step }: StepJob): Promise<boolean> {
  const found = await tx
    .select({ id: wordpress_deliveries.id })
    .from(wordpress_deliveries)
    .where(
      and(
        eq(wordpress_deliveries.task_id, step.object_id),
        eq(wordpress_deliveries.kind, 'publish'),
        eq(wordpress_deliveries.state, 'delivered'),
        sql`${wordpress_deliveries.payload} ->> 'step_id' = ${String(step.id)}`,
      ),
    )
    .limit(1)
  return found.length > 0
}

function whatIsThere({ task }: Article, known: Known): string {
  const died = `The worker stopped each time it published “${task.title}”, also with nothing else running. igny8 gave up.`
  if (known?.remote_id) {
    return `${died} The post ${known.remote_id} in WordPress may have been changed or not: publish the task again to bring it up to date.`
  }
  if (known?.intent_at) {
    return `${died} WordPress may have the post: publish the task again, and igny8 looks for the post before it creates one.`
  }
  return `${died} No post was created.`
}
