import { sql } from 'drizzle-orm'
import { bigint, timestamp } from 'drizzle-orm/pg-core'

/** An integer key as it stands in JSON: identity values stay far below 2^53. */
export const id = () => bigint({ mode: 'number' }).notNull().generatedAlwaysAsIdentity()
export const ref = () => bigint({ mode: 'number' })
/** A balance, or what is added to it; see `MAX_BALANCE`. */
export const credits = () => bigint({ mode: 'number' })
export const at = () => timestamp({ withTimezone: true, mode: 'date', precision: 3 })

/** The API key that acts, as the door set it; null when a person or the service does. */
export const actingApiKey = () => ref().default(sql`igny8_api_key()`)

export const timestamps = {
  created_at: at().notNull().defaultNow(),
  updated_at: at().notNull().defaultNow(),
}
