import type { Caller } from '../http/caller.ts'

/** Who accepts the work that the service gives itself. */
export const systemCaller = (accountId: number): Caller => ({
  userId: null,
  role: 'system_bot',
  isStaff: false,
  accountId,
  scope: { accountId },
  requestId: '',
})
