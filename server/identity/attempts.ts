import { eq, sql } from 'drizzle-orm'
import type { Database, Tx } from '../../db/database.ts'
import { login_attempts } from '../../db/schema/identity.ts'
import { DomainError } from '../errors.ts'
import { sha256 } from '../security/secrets.ts'

export type Attempts = { count: number; endsAt: Date }

/** Wrong passwords allowed per person, and the window in seconds. */
export const WRONG_PASSWORDS = 10
export const WRONG_PASSWORDS_SECONDS = 15 * 60

/** The hashed key of a counter, which reveals neither the email address nor the network. */
export const counterKey = (...parts: (string | number)[]) => sha256(JSON.stringify(parts))

/** Adds one to a counter, which restarts when its window of `seconds` is over. */
export async function countAttempt(tx: Tx, key: string, seconds: number): Promise<Attempts> {
  const isOver = sql`${login_attempts.window_ends_at} < now()`
  const [row] = await tx
    .insert(login_attempts)
    .values({ key_hash: key, failures: 1, window_ends_at: fromNow(seconds) })
    .onConflictDoUpdate({
      target: login_attempts.key_hash,
      set: {
        failures: sql`case when ${isOver} then 1 else ${login_attempts.failures} + 1 end`,
        window_ends_at: sql`case when ${isOver} then excluded.window_ends_at else ${login_attempts.window_ends_at} end`,
      },
    })
    .returning()
  return { count: row!.failures, endsAt: row!.window_ends_at }
}

/** Takes one from a counter. */
export async function uncountAttempt(tx: Tx, key: string): Promise<void> {
  await tx
    .update(login_attempts)
    .set({ failures: sql`greatest(0, ${login_attempts.failures} - 1)` })
    .where(eq(login_attempts.key_hash, key))
}

/**
 * Counts an attempt and runs it, or throws `too_many_attempts` past `limit`. The attempt is counted first,
 * in a separate transaction, so that concurrent attempts are counted too.
 */
export async function tryCounted<T>(
  database: Database,
  { key, limit, seconds, what }: { key: string; limit: number; seconds: number; what: string },
  work: () => Promise<T>,
): Promise<T> {
  const attempts = await database.withPlatform('throttle_sign_in', (tx) =>
    countAttempt(tx, key, seconds),
  )
  if (attempts.count > limit) throw tooManyAttempts(what, attempts)
  return orTakenBack(database, (tx) => uncountAttempt(tx, key), work)
}

/**
 * Runs a check that was counted as a failed attempt, and uncounts it when the check itself could not run:
 * an overloaded service must not lock anyone out.
 */
export function orTakenBack<T>(
  database: Database,
  takeBack: (tx: Tx) => Promise<void>,
  check: () => Promise<T>,
): Promise<T> {
  return check().catch(async (error: unknown) => {
    await database.withPlatform('throttle_sign_in', takeBack)
    throw error
  })
}

export async function forgetAttempts(tx: Tx, key: string): Promise<void> {
  await tx.delete(login_attempts).where(eq(login_attempts.key_hash, key))
}

/** Stores a key for `seconds`; `isKept` says whether it is still stored. */
export async function keep(tx: Tx, key: string, seconds: number): Promise<void> {
  const window_ends_at = fromNow(seconds)
  await tx
    .insert(login_attempts)
    .values({ key_hash: key, failures: 0, window_ends_at })
    .onConflictDoUpdate({ target: login_attempts.key_hash, set: { window_ends_at } })
}

export async function isKept(tx: Tx, key: string): Promise<boolean> {
  const rows = await tx
    .select({ key: login_attempts.key_hash })
    .from(login_attempts)
    .where(sql`${login_attempts.key_hash} = ${key} and ${login_attempts.window_ends_at} > now()`)
  return rows.length > 0
}

/** A 429 that says when the window ends. */
export function tooManyAttempts(what: string, { endsAt }: Pick<Attempts, 'endsAt'>): DomainError {
  const seconds = Math.max(1, Math.ceil((endsAt.getTime() - Date.now()) / 1000))
  return new DomainError(
    'too_many_attempts',
    `Too many ${what}. Try again in ${Math.ceil(seconds / 60)} minutes.`,
    { headers: { 'retry-after': String(seconds) } },
  )
}

const fromNow = (seconds: number) => sql<Date>`now() + ${seconds} * interval '1 second'`
