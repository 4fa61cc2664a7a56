import type { SecretPlace } from '../secrets.ts'

/** Where a site keeps its application password. */
export const sitePassword = (accountId: number, rowId: number): SecretPlace => ({
  table: 'sites',
  column: 'wp_app_password',
  accountId,
  rowId,
})
