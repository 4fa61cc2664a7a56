import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'

export type Sql = postgres.Sql

/** How many connections the application's pool may open; pg-boss and listeners have their own. */
const POOL_SIZE = 10

/**
 * The pool behind the doors of `tenancy.ts`. `drizzle()` is called once to set the client's date and
 * JSON parsing to what drizzle expects.
 */
export function openPool(url: string, options: { max?: number } = {}): Sql {
  const sql = postgres(url, {
    max: options.max ?? POOL_SIZE,
    onnotice: () => {},
    connection: { application_name: 'igny8' },
  })
  drizzle(sql)
  return sql
}
