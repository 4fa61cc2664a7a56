import { bigint, timestamp } from 'drizzle-orm/pg-core'

/** An integer key as it stands in JSON: identity values stay far below 2^53. */
export const id = () => bigint({ mode: 'number' }).notNull().generatedAlwaysAsIdentity()
export const ref = () => bigint({ mode: 'number' })
export const at = () => timestamp({ withTimezone: true, mode: 'date', precision: 3 })

export const timestamps = {
  created_at: at().notNull().defaultNow(),
  updated_at: at().notNull().defaultNow(),
}
