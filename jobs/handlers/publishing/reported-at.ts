import { type SQL, sql } from 'drizzle-orm'
import { tasks } from '../../../db/schema/writer.ts'

/**
 * The time as of which the status of a post is known from a response of WordPress: earlier reports
 * of the plugin no longer count. `modifiedAt` is WordPress’s own time of the last change, which
 * lies in the future for a new scheduled post.
 */
export function reportedAt(modifiedAt: string): SQL<Date> {
  return sql`greatest(${tasks.wp_told_at}, least(${modifiedAt}::timestamptz, now()))`
}
