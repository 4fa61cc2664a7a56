import type { SecretContext } from '../security/secrets.ts'

/** The column for a secret that a run was given. It is cleared when the run ends. */
export const runSecret = (accountId: number, rowId: number): SecretContext => ({
  table: 'runs',
  column: 'secret',
  accountId,
  rowId,
})
