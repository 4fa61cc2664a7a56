const UNIQUE_VIOLATION = '23505'
const CHECK_VIOLATION = '23514'
const FOREIGN_KEY_VIOLATION = '23503'

/** The SQLSTATE. drizzle wraps the driver's error. */
function codeOf(error: unknown): unknown {
  const { cause } = error as { cause?: { code?: unknown } }
  return cause?.code
}

export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === UNIQUE_VIOLATION
}

export function isCheckViolation(error: unknown): boolean {
  return codeOf(error) === CHECK_VIOLATION
}

/** Whether the trigger that counts a site's active sectors refused the row. */
export function isTooManyActiveSectors(error: unknown): boolean {
  return codeOf(error) === 'IG409'
}

/** SQLSTATE class 22: a value that the column's type cannot hold. */
export function isDataException(error: unknown): boolean {
  return String(codeOf(error)).startsWith('22')
}

export function isForeignKeyViolation(error: unknown): boolean {
  return codeOf(error) === FOREIGN_KEY_VIOLATION
}
