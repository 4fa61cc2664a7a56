import { and, eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { OPEN_LIMIT_MS } from '../../db/limits.ts'
import { users } from '../../db/schema/accounts.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { limitConcurrency } from '../http/limit-concurrency.ts'
import {
  countAttempt,
  counterKey,
  forgetAttempts,
  isKept,
  keep,
  orTakenBack,
  tooManyAttempts,
  uncountAttempt,
  WRONG_PASSWORDS,
  WRONG_PASSWORDS_SECONDS,
} from './attempts.ts'
import type { Login } from './schemas.ts'
import { openSession, userAndAccount } from './sessions.ts'

/** Failures allowed per network, with any email address. */
const FAILURES_PER_NETWORK = 100
/** Failures per email address in all networks. After these each attempt is delayed, longer with each failure. */
const FAILURES_UNSLOWED = 50
const SLOWER_BY_MS = 100
const SLOWEST_MS = 10_000
/** How long a network counts as known after a sign-in. */
const KNOWN_SECONDS = 90 * 24 * 3600

/** Limits sign-ins, so that they leave database connections to authenticated callers. */
const inTurn = limitConcurrency({
  places: 4,
  each: 2,
  waiting: 50,
  patienceMs: OPEN_LIMIT_MS,
  longestMs: 60_000,
  what: 'sign-ins',
})

type Attempt = Awaited<ReturnType<typeof countSignIn>>

/**
 * Signs a user in. An unknown email address takes as long as a wrong password and gets the same response. A
 * slowed-down attempt waits outside a transaction; with `isKeyed` the request has one, so it is refused.
 */
export async function signIn(
  deps: Deps,
  input: z.infer<typeof Login>,
  network: string,
  isKeyed: boolean,
) {
  const began = performance.now()
  const first = await inTurn(network, async () => {
    // The time waited above counts towards the limit for getting a connection.
    const attempt = await deps.database.waitingSince(began, () =>
      countSignIn(deps, input.email, network),
    )
    if (attempt.slowedMs === 0) return { session: await checkPassword(deps, input, attempt) }
    return { attempt }
  })
  if (first.session) return first.session
  const { attempt } = first
  if (isKeyed) {
    throw tooManyAttempts('failed sign-ins', { endsAt: new Date(Date.now() + attempt.slowedMs) })
  }
  await new Promise((resolve) => setTimeout(resolve, attempt.slowedMs))
  return inTurn(network, () => checkPassword(deps, input, attempt))
}

async function checkPassword(deps: Deps, input: z.infer<typeof Login>, attempt: Attempt) {
  const user = await deps.database.withPlatform('authenticate', async (tx) => {
    const [found] = await tx
      .select()
      .from(users)
      .where(eq(sql`lower(${users.email})`, input.email))
    return found
  })
  const fits = await orTakenBack(deps.database, attempt.takeBack, async () =>
    deps.passwords.verify(user?.password_hash ?? (await decoy(deps)), input.password),
  )
  if (!user || !fits || !user.is_active) {
    throw wrongCredentials()
  }
  return deps.database.withPlatform('authenticate', async (tx) => {
    await attempt.succeeded(tx)
    // Locked until the session exists: a concurrent password change either ends it or makes this fail.
    const [still] = await tx
      .update(users)
      .set({ last_login_at: sql`now()` })
      .where(and(eq(users.id, user.id), eq(users.password_hash, user.password_hash)))
      .returning({ is_active: users.is_active })
    if (!still?.is_active) throw wrongCredentials()
    const claims = { userId: user.id, accountId: user.account_id, role: user.role }
    const tokens = await openSession(tx, deps, claims)
    return { ...(await userAndAccount(tx, user.id)), ...tokens }
  })
}

function wrongCredentials(): DomainError {
  return new DomainError('credentials_wrong', 'The email address or the password is wrong.')
}

/**
 * Counts a sign-in attempt before the password is checked, so that concurrent attempts are counted too.
 * Failures are counted per email address and network, so that nobody can lock out a user elsewhere;
 * failures from all networks only delay the next attempt. A network where the user has signed in recently
 * is neither delayed nor refused because of other users' failures there. Throws `too_many_attempts`.
 * `slowedMs` is the delay. `takeBack` uncounts the attempt; `succeeded` also clears earlier failures.
 */
async function countSignIn(deps: Deps, email: string, network: string) {
  const keys = {
    known: await counterKey('known', email, network),
    network: await counterKey('network', network),
    pair: await counterKey('pair', email, network),
    email: await counterKey('email', email),
  }
  const { refused, slowedMs } = await deps.database.withPlatform('throttle_sign_in', async (tx) => {
    const isKnown = await isKept(tx, keys.known)
    const ofNetwork = await countAttempt(tx, keys.network, WRONG_PASSWORDS_SECONDS)
    // Beyond the network's limit no row is written, however many email addresses are tried.
    if (!isKnown && ofNetwork.count > FAILURES_PER_NETWORK) return { refused: ofNetwork }
    const ofPair = await countAttempt(tx, keys.pair, WRONG_PASSWORDS_SECONDS)
    if (ofPair.count > WRONG_PASSWORDS) return { refused: ofPair }
    const ofEmail = await countAttempt(tx, keys.email, WRONG_PASSWORDS_SECONDS)
    return { slowedMs: isKnown ? 0 : slowDown(ofEmail.count) }
  })
  if (refused) throw tooManyAttempts('failed sign-ins', refused)
  return {
    slowedMs: slowedMs ?? 0,
    async takeBack(tx: Tx): Promise<void> {
      for (const key of [keys.network, keys.pair, keys.email]) await uncountAttempt(tx, key)
    },
    async succeeded(tx: Tx): Promise<void> {
      await uncountAttempt(tx, keys.network)
      await forgetAttempts(tx, keys.pair)
      await uncountAttempt(tx, keys.email)
      await keep(tx, keys.known, KNOWN_SECONDS)
    },
  }
}

function slowDown(failures: number): number {
  return Math.min(SLOWEST_MS, Math.max(0, failures - FAILURES_UNSLOWED) * SLOWER_BY_MS)
}

let decoyHash: Promise<string> | undefined
function decoy(deps: Deps): Promise<string> {
  decoyHash ??= deps.passwords.hash('nobody has this password').catch((error: unknown) => {
    decoyHash = undefined
    throw error
  })
  return decoyHash
}
