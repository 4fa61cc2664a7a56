import type { TaskStatus } from '../../db/schema/writer.ts'
import { DomainError } from '../errors.ts'

/** Throws `wrong_state` with `sentence` and the tasks in another status than those allowed. */
export function requireStatus(
  rows: { id: number; status: TaskStatus }[],
  allowed: TaskStatus[],
  sentence: string,
): void {
  const others = rows.filter(({ status }) => !allowed.includes(status))
  if (others.length === 0) return
  const named = others.slice(0, 20).map(({ id, status }) => `task ${id} is ${status}`)
  throw new DomainError('wrong_state', `${sentence}: ${named.join(', ')}.`)
}

/** The site of all these tasks; null when they are on several. */
export function commonSite(rows: { site_id: number }[]): number | null {
  const found = new Set(rows.map(({ site_id }) => site_id))
  return found.size === 1 ? rows[0]!.site_id : null
}
