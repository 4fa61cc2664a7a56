import {
  SCHEDULE_GRACE_MS,
  VERIFY_MINUTES,
} from '../../../wp-bridge/client/publish/retry-policy.ts'

/** When to check a post that was just published, scheduled or submitted for review. */
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

/** The time of the check after `looks` of them, or null after the last one. */
export function nextVerification(verifications: number): Date | null {
  const minutes = VERIFY_MINUTES[verifications]
  return minutes === undefined ? null : new Date(Date.now() + minutes * 60_000)
}
