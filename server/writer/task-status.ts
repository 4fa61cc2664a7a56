import { DomainError } from '../errors.ts'
import type { LockedTask } from './lock-tasks.ts'
import type { SettableStatus } from './schemas.ts'

/** Why this status cannot be set now, or undefined. `has_article` includes an article in the same request. */
export function statusRefusal(
  task: Pick<LockedTask, 'id' | 'status' | 'busy' | 'has_article'>,
  status: SettableStatus,
): DomainError | undefined {
  const { id } = task
  if (task.status === status) return undefined
  if (task.busy) return busy(id)
  if (status === 'queued') return undefined
  if (task.status === 'published' || task.status === 'completed') {
    return new DomainError(
      'wrong_state',
      `Task ${id} is ${task.status}, so its post is in WordPress. Unpublish it to return it to review.`,
    )
  }
  if (task.has_article) return undefined
  return new DomainError(
    'wrong_state',
    `Task ${id} has no article yet, so it cannot be ${status}. Send html_content, or generate one.`,
  )
}

export function busy(id: number): DomainError {
  return new DomainError(
    'already_running',
    `A run is working on task ${id}. Wait for it or cancel it first.`,
  )
}
