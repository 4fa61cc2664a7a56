import type { SecretContext } from '../security/secrets.ts'

/** Where a site keeps its application password. */
export const sitePasswordContext = (accountId: number, rowId: number): SecretContext => ({
  table: 'sites',
  column: 'wp_app_password',
  accountId,
  rowId,
})

/** Where it keeps the keys that it shares with the plugin. */
export const siteBridgeKeysContext = (accountId: number, rowId: number): SecretContext => ({
  table: 'sites',
  column: 'wp_bridge_keys',
  accountId,
  rowId,
})
