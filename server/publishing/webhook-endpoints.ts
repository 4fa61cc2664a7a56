import { and, eq, isNotNull, notExists, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { wordpress_deliveries } from '../../db/schema/bridge.ts'
import { type PauseReason, sites } from '../../db/schema/sites.ts'
import { audit, systemActor } from '../observability/audit.ts'
import { TURN_SECONDS } from './deliveries.ts'

/** Seconds to wait after each consecutive failure of a site. For one webhook they add up to three days. */
export const BACKOFF = [
  20, 60, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 43_200, 43_200, 43_200, 43_200,
] as const
/** Webhooks are disabled for a site whose plugin has accepted none for this long. */
const DISABLED_AFTER = '5 days'
/** A webhook that could not be delivered for this long is given up. */
const GIVEN_UP_AFTER = '3 days'

export type Endpoint = { account_id: number; site_id: number }
/** How many sites may have a turn now, and how many each account already has. */
export type Room = { left: number; perAccount: number; taken: Map<number, number> }

/**
 * Gives a turn to sites with pending webhooks that may be tried now, the longest-waiting first. A site has
 * one turn at a time, in all workers.
 */
export async function takeTurns(tx: Tx, room: Room): Promise<Endpoint[]> {
  const taken = [...room.taken].map(([account_id, n]) => ({ account_id, n }))
  const rows = await tx.execute<{ account_id: string; site_id: string }>(sql`
    with recursive endpoints as (
      (select account_id, site_id from wordpress_deliveries where next_attempt_at is not null
        order by account_id, site_id limit 1)
      union all
      select next.* from endpoints, lateral (
        select d.account_id, d.site_id from wordpress_deliveries d
        where d.next_attempt_at is not null
          and (d.account_id, d.site_id) > (endpoints.account_id, endpoints.site_id)
        order by d.account_id, d.site_id limit 1) as next
    ), due as (
      select s.account_id, s.id, s.wp_webhooks_try_at as last,
        row_number() over (partition by s.account_id order by s.wp_webhooks_try_at nulls first, s.id) as nth
      from endpoints join sites s on s.account_id = endpoints.account_id and s.id = endpoints.site_id
      where ${isReady('s')} and exists (select from wordpress_deliveries d
        where d.account_id = s.account_id and d.site_id = s.id and d.next_attempt_at <= now())
    ), chosen as (
      select due.account_id, due.id from due
        left join jsonb_to_recordset(${JSON.stringify(taken)}::jsonb) as taken (account_id bigint, n int)
          on taken.account_id = due.account_id
      where nth <= ${room.perAccount}::int - coalesce(taken.n, 0)
      order by last nulls first limit ${room.left}::int
    )
    update sites set wp_webhooks_try_at = now() + ${TURN_SECONDS} * interval '1 second'
    from chosen where sites.account_id = chosen.account_id and sites.id = chosen.id
      and ${isReady('sites')}
    returning sites.account_id, sites.id as site_id`)
  return rows.map((row) => ({
    account_id: Number(row.account_id),
    site_id: Number(row.site_id),
  }))
}

const isReady = (site: 's' | 'sites') =>
  sql`coalesce(${sql.raw(site)}.wp_webhooks_try_at, now()) <= now()`

/** Locks the site before its webhooks, in the same order as `replayDelivery`. */
export async function lockSite(tx: Tx, site: Endpoint): Promise<void> {
  await tx.select({ id: sites.id }).from(sites).where(isSite(site)).for('no key update')
}

/** Ends a site's turn without a failure. */
export async function endTurn(tx: Tx, site: Endpoint): Promise<void> {
  await tx.update(sites).set({ wp_webhooks_try_at: sql`now()` }).where(isSite(site))
}

/**
 * Records that a site's plugin accepts webhooks again, after failures or while they were disabled. The
 * site gets its next turn at once. Pass `inTurn` during a turn of the site, which must not end by this.
 */
export async function noteWorking(
  tx: Tx,
  site: Endpoint,
  { inTurn = false }: { inTurn?: boolean } = {},
): Promise<void> {
  const tryAt = inTurn ? sql`sites.wp_webhooks_try_at` : sql`now()`
  const [working] = await tx.execute<{ was_disabled: boolean }>(sql`
    with before as (
      select account_id, id, wp_webhooks_disabled_at is not null as was_disabled from sites
      where ${isSite(site)}
        and (wp_webhooks_failing_since is not null or wp_webhooks_disabled_at is not null)
      for no key update
    )
    update sites set wp_webhooks_disabled_at = null, wp_webhooks_disabled_reason = null,
      wp_webhooks_failing_since = null, wp_webhooks_failures = 0, wp_webhooks_try_at = ${tryAt}
    from before where sites.account_id = before.account_id and sites.id = before.id
    returning before.was_disabled`)
  if (working?.was_disabled) await note(tx, 'site.webhooks_enabled', site)
}

/**
 * Records a failed webhook and ends the site's turn until its next retry. Webhooks that failed for three
 * days are given up. After five days without success, or if the plugin is `gone`, all pending webhooks are
 * given up and none are sent until the plugin is paired again or accepts a replay.
 */
export async function noteFailure(
  tx: Tx,
  site: Endpoint,
  { why, gone }: { why: string; gone: boolean },
): Promise<void> {
  const last = BACKOFF.length
  const seconds = sql`(array[${sql.raw(BACKOFF.join())}])[least(wp_webhooks_failures + 1, ${last})]`
  const [failing] = await tx
    .update(sites)
    .set({
      wp_webhooks_failing_since: sql`coalesce(${sites.wp_webhooks_failing_since}, now())`,
      wp_webhooks_failures: sql`${sites.wp_webhooks_failures} + 1`,
      wp_webhooks_try_at: sql`now() + ${seconds} * interval '1 second'`,
    })
    .where(isSite(site))
    .returning({
      since: sites.wp_webhooks_failing_since,
      isOver: sql<boolean>`${sites.wp_webhooks_failing_since} <= now() - ${DISABLED_AFTER}::interval`,
      isDisabled: sql<boolean>`${sites.wp_webhooks_disabled_at} is not null`,
    })
  if (!failing) return
  const { isOver, isDisabled, since } = failing
  if (isDisabled || gone || isOver) await giveUp(tx, site, sql`true`)
  else await giveUp(tx, site, sql`next_attempt_at <= now() - ${GIVEN_UP_AFTER}::interval`)
  if (isDisabled || !(gone || isOver)) return
  const because = gone
    ? 'The site responded that the igny8 plugin was removed (410).'
    : `The igny8 plugin has accepted no webhook since ${since!.toISOString()}. ${why}`
  await disable(tx, site, {
    code: gone ? 'webhooks_gone' : 'webhooks_failing',
    message: `${because} Make sure that the plugin is active, then check the site: this pairs the plugin and enables webhooks.`,
  })
}

/** Gives webhooks up, and resets the site's failures when none are left to send. */
async function giveUp(tx: Tx, site: Endpoint, which: ReturnType<typeof sql>) {
  const isOpen = and(
    eq(wordpress_deliveries.account_id, site.account_id),
    eq(wordpress_deliveries.site_id, site.site_id),
    isNotNull(wordpress_deliveries.next_attempt_at),
  )
  await tx
    .update(wordpress_deliveries)
    .set({ state: 'failed', next_attempt_at: null, updated_at: sql`now()` })
    .where(and(isOpen, which))
  const left = tx.select({ id: wordpress_deliveries.id }).from(wordpress_deliveries).where(isOpen)
  await tx
    .update(sites)
    .set({ wp_webhooks_failing_since: null, wp_webhooks_failures: 0 })
    .where(and(isSite(site), notExists(left)))
}

async function disable(tx: Tx, site: Endpoint, reason: PauseReason): Promise<void> {
  await tx
    .update(sites)
    .set({ wp_webhooks_disabled_at: sql`now()`, wp_webhooks_disabled_reason: reason })
    .where(isSite(site))
  await note(tx, 'site.webhooks_disabled', site, reason)
}

async function note(
  tx: Tx,
  action: 'site.webhooks_disabled' | 'site.webhooks_enabled',
  { account_id: accountId, site_id: id }: Endpoint,
  reason?: PauseReason,
): Promise<void> {
  const object = { type: 'site', id } as const
  await audit(tx, systemActor(accountId), action, { object, detail: { ...reason } })
}

const isSite = ({ account_id, site_id }: Endpoint) =>
  and(eq(sites.account_id, account_id), eq(sites.id, site_id))
