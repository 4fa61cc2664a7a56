import type { Caller } from '../http/caller.ts'

/** The caller of runs that the service starts by itself. */
export const systemCaller = (accountId: number): Caller & { userId: null } => ({
  actor: 'system',
  userId: null,
  role: 'system_bot',
  isStaff: false,
  accountId,
  scope: { accountId },
  requestId: '',
})
