import type { SecretContext } from '../security/secrets.ts'

/** The columns of `integration_settings` that hold secrets. */
export const SECRET_COLUMNS = ['api_key', 'client_secret', 'refresh_token'] as const
export type SecretColumn = (typeof SECRET_COLUMNS)[number]

/** Where an integration keeps a secret. */
export const integrationSecret = (
  accountId: number,
  rowId: number,
  column: SecretColumn,
): SecretContext => ({ table: 'integration_settings', column, accountId, rowId })
