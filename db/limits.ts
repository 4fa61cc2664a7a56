/** How long one piece of database work may take, in milliseconds. */
export type Limits = {
  /** One statement. */
  statementMs: number
  /** One wait for a lock. */
  lockMs: number
  /** Between two statements of a transaction. */
  idleMs: number
  /** The whole transaction. */
  transactionMs: number
}

/** The limits of reads, of writes, and of the few writes that take long whatever the load. */
export type WorkLimits = { read: Limits; write: Limits; long: Limits }

const SECOND = 1000
const MINUTE = 60 * SECOND

/** Limits the wait for a connection and the opening of a transaction on it, for requests and workers alike. */
export const OPEN_LIMIT_MS = 4 * SECOND

const LONG: Limits = {
  statementMs: 5 * MINUTE,
  lockMs: 10 * SECOND,
  idleMs: MINUTE,
  transactionMs: 15 * MINUTE,
}

/** A person or a program waits for the answer: rather a 503 than a late one. */
export const REQUEST_LIMITS: WorkLimits = {
  read: {
    statementMs: 10 * SECOND,
    lockMs: 3 * SECOND,
    idleMs: 10 * SECOND,
    transactionMs: 30 * SECOND,
  },
  write: {
    statementMs: 30 * SECOND,
    lockMs: 3 * SECOND,
    idleMs: 30 * SECOND,
    transactionMs: 2 * MINUTE,
  },
  long: LONG,
}

const WORK: Limits = {
  statementMs: MINUTE,
  lockMs: 10 * SECOND,
  idleMs: MINUTE,
  transactionMs: 5 * MINUTE,
}

/** Nobody waits for steps and scheduled tasks: what is past a limit is tried again. */
export const WORKER_LIMITS: WorkLimits = { read: WORK, write: WORK, long: LONG }

/**
 * Sets the limits that the server keeps, for the rest of the transaction: SET LOCAL also works through
 * a pooler that knows no session. The whole transaction is limited on our side, since servers before
 * PostgreSQL 17 have no such setting.
 */
export function setLimits({ statementMs, lockMs, idleMs }: Limits): string {
  return `set local statement_timeout = ${statementMs}; set local lock_timeout = ${lockMs};
    set local idle_in_transaction_session_timeout = ${idleMs}`
}
