import { getTableName, sql } from 'drizzle-orm'
import {
  type AnyPgColumn,
  bigint,
  type ForeignKeyBuilder,
  foreignKey,
  timestamp,
} from 'drizzle-orm/pg-core'

/** An integer key that JSON can hold: identity values stay far below 2^53. */
export const id = () => bigint({ mode: 'number' }).notNull().generatedAlwaysAsIdentity()
export const ref = () => bigint({ mode: 'number' })
/** A balance, or what is added to it; see `MAX_BALANCE`. */
export const credits = () => bigint({ mode: 'number' })
export const at = () => timestamp({ withTimezone: true, mode: 'date', precision: 3 })

/** The API key that acts, set by `withAccount`; null when a user or the service acts. */
export const actingApiKey = () => ref().default(sql`igny8_api_key()`)

export const timestamps = {
  created_at: at().notNull().defaultNow(),
  updated_at: at().notNull().defaultNow(),
}

type Columns = [AnyPgColumn, ...AnyPgColumn[]]

/**
 * A foreign key with the name that PostgreSQL would give it. Both lists start with the account where
 * the target has one, so that no reference crosses accounts. With `onDelete('set null')` only the
 * nullable column is cleared: see `igny8_narrow_set_null` in the migrations.
 */
export function reference(columns: Columns, foreignColumns: Columns): ForeignKeyBuilder {
  const name = [getTableName(columns[0].table), ...columns.map((column) => column.name)].join('_')
  return foreignKey({ name: `${name.slice(0, 58)}_fkey`, columns, foreignColumns })
}
