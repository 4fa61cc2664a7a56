import type { PendingQuery, ReservedSql } from 'postgres'
import { ambient } from './ambient.ts'
import type { Sql } from './client.ts'

/** A connection that one transaction has to itself. */
export type Lent = {
  sql: ReservedSql
  /** Sends the statements that open the transaction, at once. */
  open(statements: string): Promise<unknown>
  /** Sends statements without parameters. */
  run(statements: string): Promise<unknown>
  /** With prepared statements: unprepared ones take two round trips. */
  unsafe(query: string, parameters: never[]): PendingQuery<never>
  /** Throws when the server has rolled back instead. */
  commit(): Promise<void>
  /** Never rejects: a connection that cannot roll back is lost, and its transaction with it. */
  rollback(): Promise<void>
  /** Gives the connection back, unless it is lost. */
  release(): void
}

/** What postgres.js hands to `onexecute`, as it does in its own `begin`. */
type Connection = { onclose: (() => void) | null }

/**
 * Reserves a connection and watches it: when the server ends it between two statements, postgres.js
 * would write to a socket that is gone, where nobody can catch it, and later lend it again.
 */
export async function lendConnection(pool: Sql): Promise<Lent> {
  const sql = await pool.reserve()
  let lost = false
  let watched: Connection | undefined
  const onexecute = (connection: Connection) => {
    watched = connection
    connection.onclose = () => {
      lost = true
    }
    return true
  }
  const checked = () => {
    if (lost) throw new Error('the connection to the database was lost')
    return sql
  }
  const count = <Q extends PromiseLike<unknown>>(query: Q) => ambient().tally?.add(query) ?? query
  const open = (statements: string) =>
    count(sql.unsafe(statements, [], { onexecute } as never).execute())
  return {
    sql: counting(sql, count),
    open,
    run: async (statements) => checked() && open(statements),
    unsafe: (query, parameters) => count(checked().unsafe(query, parameters, { prepare: true })),
    async commit() {
      const { command } = await count(checked().unsafe('commit'))
      if (command !== 'COMMIT') throw new Error('the transaction had failed and was rolled back')
    },
    async rollback() {
      if (!lost) await sql.unsafe('rollback').catch(() => undefined)
    },
    release() {
      if (lost) return
      if (watched) watched.onclose = null
      sql.release()
    },
  }
}

/** The same connection, whose queries are counted. */
function counting(
  sql: ReservedSql,
  count: <Q extends PromiseLike<unknown>>(query: Q) => Q,
): ReservedSql {
  const unsafe: ReservedSql['unsafe'] = (...query) => count(sql.unsafe(...query))
  return new Proxy(sql, {
    get: (target, name) => (name === 'unsafe' ? unsafe : Reflect.get(target, name)),
  })
}
