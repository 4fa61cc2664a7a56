import type { Scope } from './database.ts'

/** The call that checks the account and the caller and sets them for the transaction. */
export function entering(
  { accountId, user, apiKey }: Scope,
  {
    writes,
    whileClosed = false,
    staff = false,
  }: { writes: boolean; whileClosed?: boolean; staff?: boolean },
): string {
  const version = user?.version === undefined ? 'null' : integer(user.version)
  const person = user ? `${integer(user.id)}, '${user.role}', ${version}` : 'null, null, null'
  const key = apiKey ? `'${sha256Hex(apiKey.hash)}'` : 'null'
  return `igny8_enter(${integer(accountId)}, ${person}, ${key}, ${writes}, ${whileClosed}, ${staff})`
}

/** The opening statements are one simple query, so they carry no parameters. */
function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError(`not an id: ${value}`)
  return String(value)
}

function sha256Hex(hash: string): string {
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new TypeError('not a hash')
  return hash
}
