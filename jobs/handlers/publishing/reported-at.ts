import { type SQL, sql } from 'drizzle-orm'
import { tasks } from '../../../db/schema/writer.ts'

/**
 * As of when it is known how a post stands, once WordPress has answered with it: what its plugin told before
 * says nothing any more. `modifiedAt` is WordPress's own time of the last change, which for a new
 * scheduled post lies in the future.
 */
export function reportedAt(modifiedAt: string): SQL<Date> {
  return sql`greatest(${tasks.wp_told_at}, least(${modifiedAt}::timestamptz, now()))`
}
