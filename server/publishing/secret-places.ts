import type { SecretPlace } from '../security/secrets.ts'

/** Where a site keeps its application password. */
export const sitePassword = (accountId: number, rowId: number): SecretPlace => ({
  table: 'sites',
  column: 'wp_app_password',
  accountId,
  rowId,
})

/** Where it keeps the keys that it shares with the plugin. */
export const siteBridgeKeys = (accountId: number, rowId: number): SecretPlace => ({
  table: 'sites',
  column: 'wp_bridge_keys',
  accountId,
  rowId,
})
