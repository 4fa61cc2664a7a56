/** WordPress publishes what is scheduled when its next visitor comes: it has so long to do it. */
const GRACE_MS = 2 * 60_000
/** Minutes between the looks at a post that is not seen live yet; after the last it is given up. */
const MINUTES = [1, 5, 15, 60, 240, 720, 1440]

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
  return new Date(Math.max(dueAt, Date.now()) + GRACE_MS)
}

/** The time of the look after `looks` of them, or null when that was the last. */
export function nextVerification(looks: number): Date | null {
  const minutes = MINUTES[looks]
  return minutes === undefined ? null : new Date(Date.now() + minutes * 60_000)
}
