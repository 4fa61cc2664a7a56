import type { SecretPlace } from '../secrets.ts'

/** Where a run keeps the password that is being checked; it is emptied when the run ends. */
export const runSecret = (accountId: number, rowId: number): SecretPlace => ({
  table: 'runs',
  column: 'secret',
  accountId,
  rowId,
})

/** Where a site keeps its application password. */
export const sitePassword = (accountId: number, rowId: number): SecretPlace => ({
  table: 'sites',
  column: 'wp_app_password',
  accountId,
  rowId,
})
