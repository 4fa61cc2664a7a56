/** The longest `Retry-After` that is honoured in one wait, in milliseconds. */
const MAX_RETRY_AFTER_MS = 3_600_000

/** The wait that a `Retry-After` header asks for, in milliseconds (RFC 9110: seconds or a date). */
export function retryAfterMs(headers: Pick<Headers, 'get'>): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (!value) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : undefined
}
