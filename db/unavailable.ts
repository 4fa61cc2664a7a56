/** `overloaded`: it responds but is too busy. `unavailable`: it does not respond or cannot work. */
export type Unavailability = 'overloaded' | 'unavailable'

/**
 * The database failed for a temporary reason that is not the caller's fault; a retry may succeed.
 * `outcomeUnknown`: the commit was sent but not confirmed, so it may have been done.
 */
export class DatabaseUnavailableError extends Error {
  readonly why: Unavailability
  readonly outcomeUnknown: boolean

  constructor(
    why: Unavailability,
    message: string,
    { cause, outcomeUnknown = false }: { cause?: unknown; outcomeUnknown?: boolean } = {},
  ) {
    super(message, { cause })
    this.name = 'DatabaseUnavailableError'
    this.why = why
    this.outcomeUnknown = outcomeUnknown
  }
}

const OVERLOADED = new Map([
  ['57014', 'a statement took longer than its limit'],
  ['55P03', 'a lock was not free within its limit'],
  ['40P01', 'two transactions waited for each other'],
  ['40001', 'two transactions met in the same rows'],
  ['53300', 'the database has no more connections'],
  ['53200', 'the database is out of memory'],
])

/** Error codes of the server and of postgres.js. */
const UNAVAILABLE = new Map([
  ['53100', "the database's disk is full"],
  ['58030', 'the database cannot read or write its files'],
  ['25P03', 'the transaction was idle for longer than its limit'],
  ['25P04', 'the transaction took longer than its limit'],
  ['57P01', 'the database is shutting down'],
  ['57P02', 'a crash of the database ended the connection'],
  ['57P03', 'the database is starting up or shutting down'],
  ['57P05', 'the connection was idle for longer than its limit'],
  ['CONNECTION_CLOSED', 'the connection was lost'],
  ['CONNECTION_DESTROYED', 'the connection was lost'],
  ['CONNECTION_ENDED', 'the connections are closed'],
  ['CONNECT_TIMEOUT', 'the database did not answer'],
  ['ECONNREFUSED', 'the database refuses connections'],
  ['ECONNRESET', 'the connection was lost'],
  ['EPIPE', 'the connection was lost'],
  ['ETIMEDOUT', 'the database did not answer'],
  ['EHOSTUNREACH', "the database's host cannot be reached"],
  ['ENETUNREACH', "the database's network cannot be reached"],
  ['ENOTFOUND', "the database's host name is unknown"],
  ['EAI_AGAIN', "the database's host name cannot be resolved now"],
])
/** Class 08 of SQLSTATE: the connection itself. */
const CONNECTION_EXCEPTION = /^08...$/

/**
 * The meaning of a temporary database error; undefined for all others. Drizzle wraps the driver's error.
 */
export function unavailable(error: unknown): DatabaseUnavailableError | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof DatabaseUnavailableError) return one
    const { code } = one as { code?: unknown }
    if (typeof code !== 'string') continue
    const busy = OVERLOADED.get(code)
    if (busy) return new DatabaseUnavailableError('overloaded', busy, { cause: error })
    const gone =
      UNAVAILABLE.get(code) ??
      (CONNECTION_EXCEPTION.test(code) ? 'the connection was lost' : undefined)
    if (gone) return new DatabaseUnavailableError('unavailable', gone, { cause: error })
  }
  return undefined
}
