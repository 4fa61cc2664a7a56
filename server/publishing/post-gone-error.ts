import type { TaskError } from '../../db/schema/writer.ts'

/** What a task says whose post a person trashed, or deleted (`wp_status` null), at that time. */
export function postGoneError(wp_status: 'trash' | null, at: string): TaskError {
  const message = wp_status
    ? 'The post is in the trash of WordPress. Restore it there, or delete it permanently and publish the task again.'
    : 'The post was deleted in WordPress. Publish the task to create it again.'
  return { code: 'post_gone', message, at }
}
