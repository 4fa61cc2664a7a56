import type { TaskError } from '../../db/schema/writer.ts'

/** What a task says whose post a person trashed, or deleted (`wp_status` null), at that time. */
export function postGoneError(wp_status: 'trash' | null, at: string): TaskError {
  const message = wp_status
    ? 'The post is in the trash of WordPress. Restore it there; or delete it there for good, and publish the task to have it again.'
    : 'The post is deleted in WordPress. Publish the task to have it again.'
  return { code: 'post_gone', message, at }
}
