import { eq, sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { sites } from '../../../db/schema/sites.ts'
import { tasks } from '../../../db/schema/writer.ts'
import { setNotLive } from '../../../server/tasks/task-status.ts'
import { StepError } from '../../steps/step.ts'

/**
 * Clears the ids and addresses of posts that the WordPress at `restRoot` is not known to have, when
 * a site is linked to it. A scheduled task then finds the posts of published tasks by their
 * markers: a site that has moved has them under any ids.
 */
export async function setAsidePosts(tx: Tx, siteId: number, restRoot: string): Promise<void> {
  const ofAnother = sql`(${tasks.account_id}, ${tasks.id}) in (
    select account_id, id from tasks
    where site_id = ${siteId} and assigned_post_id is not null and not exists (
      select from wordpress_objects o
      where o.account_id = tasks.account_id and o.site_id = tasks.site_id and o.kind = 'post'
        and o.wp_rest_root = ${restRoot} and o.key = tasks.publication_key::text
        and o.remote_id = tasks.assigned_post_id)
    order by id for no key update)`
  await setNotLive(tx, ofAnother, {
    assigned_post_id: null,
    post_url: null,
    wp_status: null,
    wp_edited_at: null,
    wp_told_at: null,
    conflict: null,
    verifications: 0,
    verify_at: sql`case when ${tasks.status} in ('published', 'completed') then now() end`,
  })
}

/**
 * Throws `site_relinked` when the site is no longer linked to the WordPress at `restRoot`, because
 * what is known of a post there does not apply to another one. The caller has already written to
 * the task: its lock comes before that of its site.
 */
export async function requireSameWordPress(
  tx: Tx,
  { id, wp_rest_root }: { id: number; wp_rest_root: string },
): Promise<void> {
  const [site] = await tx
    .select({ wp_rest_root: sites.wp_rest_root })
    .from(sites)
    .where(eq(sites.id, id))
    .for('share')
  if (site?.wp_rest_root === wp_rest_root) return
  throw relinked()
}

export function relinked(): StepError {
  return new StepError(
    'site_relinked',
    'The site was unlinked or linked to another WordPress in the meantime. Publish the task again to create its post there.',
  )
}
