import { and, eq, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Tx } from '../../db/database.ts'
import { idempotency_keys, public_idempotency_keys } from '../../db/schema/idempotency.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import type { Caller } from './caller.ts'
import type { AppEnv } from './endpoint.ts'
import { networkOf } from './network.ts'

/** `body` is null if it was not stored. */
export type StoredResponse = {
  status: number
  headers: Record<string, string>
  body: string | null
}

/** A request's claim on its key, until its transaction ends. */
export type Claim = {
  /** The first response to this key. */
  found: (StoredResponse & { fingerprint: string }) | undefined
  /** Locks the key. Throws if another request holds it, or already got a response. */
  acquire(): Promise<void>
  /** Stores the key and the response. */
  keep(fingerprint: string, answer: StoredResponse): Promise<void>
  /** Replaces the stored response, in a separate transaction. */
  replace(answer: StoredResponse): Promise<void>
}

/** A key belongs to the user or API key that sent it; without authentication, to the client's network. */
export function claimFor(deps: Deps, c: Context<AppEnv>, key: string): Claim {
  const caller = c.get('caller')
  return caller
    ? claimOf(deps, caller, key)
    : publicClaim(deps, networkOf(deps.clientAddress(c.req.raw, c.env)), key)
}

function claimOf({ database }: Deps, caller: Caller, key: string): Claim {
  const { accountId, scope } = caller
  const actor = scope.apiKey ? `key ${scope.apiKey.hash}` : `user ${scope.user?.id}`
  const mine = and(eq(idempotency_keys.actor, actor), eq(idempotency_keys.key, key))
  return {
    found: undefined,
    acquire() {
      const look = async (tx: Tx) => {
        await lock(tx, `${accountId} ${actor} ${key}`)
        const [found] = await tx.select().from(idempotency_keys).where(mine)
        this.found = found
        if (found) throw alreadyDone()
      }
      // In the caller's scope, so that a deactivated user gets no replay.
      return database.withAccount(scope, look, { readOnly: true })
    },
    async keep(fingerprint, answer) {
      const row = { account_id: accountId, actor, key, fingerprint, ...answer }
      await database.withAccount({ accountId }, (tx) => tx.insert(idempotency_keys).values(row))
    },
    async replace(answer) {
      await database.withAccount({ accountId }, (tx) =>
        tx.update(idempotency_keys).set(answer).where(mine),
      )
    },
  }
}

function publicClaim({ database }: Deps, network: string, key: string): Claim {
  const mine = and(
    eq(public_idempotency_keys.address, network),
    eq(public_idempotency_keys.key, key),
  )
  return {
    found: undefined,
    acquire() {
      return database.withPlatform('keep_keys', async (tx) => {
        await lock(tx, `${network} ${key}`)
        const [found] = await tx.select().from(public_idempotency_keys).where(mine)
        const body = found?.status === 204 ? '' : null
        this.found = found && { ...found, headers: {}, body }
        if (found) throw alreadyDone()
      })
    },
    async keep(fingerprint, { status }) {
      await database.withPlatform('keep_keys', (tx) =>
        tx.insert(public_idempotency_keys).values({ address: network, key, fingerprint, status }),
      )
    },
    // A public request starts no run to wait for.
    async replace() {},
  }
}

/** Locked until the transaction ends. Throws a 409 at once if another request holds the lock. */
async function lock(tx: Tx, name: string): Promise<void> {
  const [taken] = await tx.execute<{ held: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended(${`idempotency ${name}`}, 0)) as held`,
  )
  if (taken?.held) return
  throw new DomainError(
    'idempotency_in_progress',
    'A request with this Idempotency-Key is in progress. Repeat this one in a few seconds.',
    { headers: { 'retry-after': '1' } },
  )
}

/** Ends the handler; the middleware then responds from what was found. */
function alreadyDone(): DomainError {
  return new DomainError('already_done', 'This request was already carried out.')
}
