import type { SecretContext } from '../security/secrets.ts'

/** Where a run keeps what it was handed in secret; it is emptied when the run ends. */
export const runSecret = (accountId: number, rowId: number): SecretContext => ({
  table: 'runs',
  column: 'secret',
  accountId,
  rowId,
})
