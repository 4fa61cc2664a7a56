import {
  SCHEDULE_GRACE_MS,
  VERIFY_MINUTES,
} from '../../../wp-bridge/client/publish/retry-policy.ts'

/** When a post that was just published, scheduled or left for review is to be looked at. */
export function verifyAt(
  { wp_status }: { wp_status: string },
  publishAt: string | undefined,
): Date | null {
  if (wp_status === 'future' && publishAt) return afterGrace(Date.parse(publishAt))
  return wp_status === 'publish' ? nextVerification(0) : null
}

/** `dueAt` in milliseconds since 1970. */
export function afterGrace(dueAt: number): Date {
  return new Date(Math.max(dueAt, Date.now()) + SCHEDULE_GRACE_MS)
}

/** The time of the look after `looks` of them, or null when that was the last. */
export function nextVerification(looks: number): Date | null {
  const minutes = VERIFY_MINUTES[looks]
  return minutes === undefined ? null : new Date(Date.now() + minutes * 60_000)
}
