import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Database, Tx } from '../../db/database.ts'
import { accounts, users } from '../../db/schema/accounts.ts'
import { wordpress_connections } from '../../db/schema/bridge.ts'
import { sites } from '../../db/schema/sites.ts'
import type { Deps } from '../deps.ts'
import { type Caller, mayAct } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import { acceptRun } from '../runs/accept-run.ts'
import { contracts } from '../runs/job-contracts.ts'
import { getProgress } from '../runs/run-progress.ts'
import { randomToken, sha256 } from '../security/secrets.ts'
import { linkIn, requireSite, siteAddress } from './link.ts'

const EXPIRES_AFTER = '30 minutes'
/** A UUID of ours, the same for every site. */
const APP_ID = '6f1c0c7e-6a0e-4b8e-9d57-2f0b8f5d1c08'
const MAX_ACCOUNT_NAME = 80
export const CALLBACK_PATH = '/connect/wordpress'

type Connection = typeof wordpress_connections.$inferSelect
/** What WordPress's page brings back with the state: without a password it was refused there. */
export type AuthorizationResult = { user_login?: string; password?: string }

/** Has a WordPress looked for, whose owner is to be sent there. Returns the run. */
export function acceptDiscovery(
  deps: Deps,
  caller: Caller,
  siteId: number,
  input: { wp_url: string },
): Promise<number> {
  const wp_url = siteAddress(input.wp_url)
  return deps.database.withAccount(caller.scope, async (tx) => {
    await requireSite(tx, siteId)
    return acceptRun(tx, deps.queue, caller, {
      kind: 'discover_wordpress',
      siteId,
      params: { wp_url },
      steps: [
        { contract: contracts.discover_wordpress, objectId: siteId, price: 0, params: { wp_url } },
      ],
    })
  })
}

/**
 * The address at which the owner of a WordPress lets igny8 in, good once and for half an hour. What a
 * person who is not the site's owner does with it, links nothing but this site.
 */
export async function authorizeUrl(
  deps: Deps,
  caller: Caller,
  siteId: number,
  found: { wp_url: string; authorization: string },
): Promise<string> {
  const state = randomToken('')
  const state_hash = await sha256(state)
  const name = await deps.database.withAccount(caller.scope, async (tx) => {
    await tx.insert(wordpress_connections).values({
      account_id: caller.accountId,
      site_id: siteId,
      created_by_id: caller.userId!,
      state_hash,
      wp_url: found.wp_url,
      expires_at: sql`now() + ${EXPIRES_AFTER}::interval`,
    })
    const object = { type: 'site', id: siteId } as const
    await audit(tx, caller, 'site.connect_begun', { object })
    const [account] = await tx
      .select({ name: accounts.name })
      .from(accounts)
      .where(eq(accounts.id, caller.accountId))
    return account!.name
  })
  const url = new URL(found.authorization)
  url.searchParams.set('app_name', appName(name))
  url.searchParams.set('app_id', APP_ID)
  url.searchParams.set('success_url', `${deps.settings.publicUrl()}${CALLBACK_PATH}?state=${state}`)
  return url.href
}

/**
 * What WordPress asks its owner to let in: for whom, since who approves need not be who asked, and when,
 * since WordPress refuses a second one of a name.
 */
function appName(account: string): string {
  const whom = account.slice(0, MAX_ACCOUNT_NAME).toWellFormed()
  return `igny8 for ${whom} (${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC)`
}

/**
 * Takes what WordPress answered: the credentials are checked by a run and stored when they hold. A
 * state that was used, has expired, or never was, changes nothing.
 */
export async function completeConnection(
  deps: Deps,
  state: string,
  answer: AuthorizationResult,
  requestId: string,
): Promise<void> {
  const found = await findConnection(deps.database, state)
  if (!found) return
  const caller = callerOfConnection(found, requestId)
  if (!mayAct(caller, 'admin')) return
  await deps.database.withAccount(caller.scope, async (tx) => {
    if (!(await claim(tx, found.connection))) return
    const { site_id, wp_url } = found.connection
    if (!answer.user_login || !answer.password) return
    const { user_login: wp_username, password: wp_app_password } = answer
    const run_id = await linkIn(tx, deps, caller, site_id, { wp_url, wp_username, wp_app_password })
    await tx.update(wordpress_connections).set({ run_id }).where(isConnection(found.connection))
  })
}

export type ConnectionOutcome =
  | { state: 'unknown' | 'open' | 'expired' | 'refused' }
  | { state: 'checking' | 'linked' | 'failed'; wp_url: string; message: string }

/** The outcome of a connection, for anyone who has its state. */
export async function connectionOutcome(deps: Deps, state: string): Promise<ConnectionOutcome> {
  const found = await findConnection(deps.database, state)
  if (!found) return { state: 'unknown' }
  const { account_id: accountId, run_id, wp_url, answered_at, expires_at } = found.connection
  if (run_id === null) {
    if (answered_at) return { state: 'refused' }
    return { state: expires_at < new Date() ? 'expired' : 'open' }
  }
  const read = { readOnly: true }
  const run = await deps.database.withAccount({ accountId }, (tx) => getProgress(tx, run_id), read)
  const states = { SUCCESS: 'linked', FAILURE: 'failed', CANCELLED: 'failed' } as const
  const stands = run.state in states ? states[run.state as keyof typeof states] : 'checking'
  return { state: stands, wp_url, message: run.error?.message ?? run.meta.message }
}

type Found = { connection: Connection; role: Caller['role'] }

/** The site may have been deleted, and the user deactivated: then nothing is found. */
async function findConnection(database: Database, state: string): Promise<Found | undefined> {
  const state_hash = await sha256(state)
  const [found] = await database.withPlatform('connect_site', (tx) =>
    tx
      .select({ connection: wordpress_connections, role: users.role })
      .from(wordpress_connections)
      .innerJoin(users, eq(users.id, wordpress_connections.created_by_id))
      .innerJoin(
        sites,
        and(
          eq(sites.account_id, wordpress_connections.account_id),
          eq(sites.id, wordpress_connections.site_id),
        ),
      )
      .where(and(eq(wordpress_connections.state_hash, state_hash), eq(users.is_active, true))),
  )
  return found
}

function callerOfConnection({ connection, role }: Found, requestId: string): Caller {
  const { account_id: accountId, created_by_id: userId } = connection
  const scope = { accountId, user: { id: userId, role } }
  return { actor: 'user', userId, role, isStaff: false, accountId, scope, requestId }
}

const isConnection = ({ id }: Connection) => eq(wordpress_connections.id, id)

/** One answer counts, in time; of two at once the second waits here and finds it taken. */
async function claim(tx: Tx, connection: Connection): Promise<boolean> {
  const claimed = await tx
    .update(wordpress_connections)
    .set({ answered_at: sql`now()` })
    .where(
      and(
        isConnection(connection),
        isNull(wordpress_connections.answered_at),
        sql`${wordpress_connections.expires_at} > now()`,
      ),
    )
    .returning({ id: wordpress_connections.id })
  return claimed.length === 1
}
