const UNIQUE_VIOLATION = '23505'
const CHECK_VIOLATION = '23514'
const FOREIGN_KEY_VIOLATION = '23503'

/** drizzle wraps what the driver threw. */
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

/** Of the trigger that counts a site's active sectors. */
export function isTooManyActiveSectors(error: unknown): boolean {
  return codeOf(error) === 'IG409'
}

/** Class 22: a value that its column's type cannot take. */
export function isDataException(error: unknown): boolean {
  return String(codeOf(error)).startsWith('22')
}

export function isForeignKeyViolation(error: unknown): boolean {
  return codeOf(error) === FOREIGN_KEY_VIOLATION
}
