import { setTimeout as delay } from 'node:timers/promises'
import { and, asc, eq, lte, sql } from 'drizzle-orm'
import { type DeliveryAttempt, wordpress_deliveries } from '../../db/schema/bridge.ts'
import { sites } from '../../db/schema/sites.ts'
import { inUse, openBridgeKeys } from '../../server/publishing/bridge-keys.ts'
import {
  BACKOFF,
  type Endpoint,
  endTurn,
  lockSite,
  noteFailure,
  noteWorking,
  takeTurns,
} from '../../server/publishing/webhook-endpoints.ts'
import { SecretUnreadableError } from '../../server/security/secrets.ts'
import { WordPressError } from '../../wp-bridge/client/http/errors.ts'
import { fetchPage } from '../../wp-bridge/client/http/fetch-page.ts'
import { redactSecrets } from '../../wp-bridge/client/http/redact-secrets.ts'
import { sign } from '../../wp-bridge/client/http/sign.ts'
import { storable } from '../../wp-bridge/client/http/storable.ts'
import type { WorkerDeps } from '../steps/step.ts'

/** How many sites are sent to at the same time, in total and per account. */
const SITES_AT_ONCE = 20
const SITES_OF_ACCOUNT = 5
/** How long a turn of a site lasts. */
const TURN_MS = 10_000
const LOOK_EVERY_MS = 1_000
const KEPT_ANSWER = 500
const KEPT_ATTEMPTS = 20
/** After this many refusals of a webhook by a site that responds, later webhooks may overtake it. */
const ATTEMPTS_FIRST = 3

type Delivery = typeof wordpress_deliveries.$inferSelect
type DeliveryResult = { status: number | null; answer: string }

/**
 * Sends the webhooks that are due: in order to each site, to many sites in parallel. A site that
 * hangs or fails does not delay the others. Returns when nothing is left to send, or `stopping` is
 * aborted.
 */
export async function sendDeliveries(deps: WorkerDeps, stopping: AbortSignal): Promise<void> {
  const lanes = new Map<Promise<void>, number>()
  do {
    const room = roomIn(lanes)
    const turns = stopping.aborted || room.left === 0 ? [] : await takeRoom(deps, room)
    for (const site of turns) {
      const lane = serve(deps, site, stopping)
        .catch((error: unknown) => deps.logger.error({ err: error, ...site }, 'webhooks not sent'))
        .finally(() => lanes.delete(lane))
      lanes.set(lane, site.account_id)
    }
    const pause = delay(LOOK_EVERY_MS, undefined, { ref: false })
    if (lanes.size > 0) await Promise.race([pause, ...lanes.keys()])
  } while (lanes.size > 0)
}

function roomIn(lanes: Map<unknown, number>) {
  const taken = new Map<number, number>()
  for (const account of lanes.values()) taken.set(account, (taken.get(account) ?? 0) + 1)
  return { left: SITES_AT_ONCE - lanes.size, perAccount: SITES_OF_ACCOUNT, taken }
}

const takeRoom = (deps: WorkerDeps, room: ReturnType<typeof roomIn>) =>
  deps.database.withPlatform('send_deliveries', (tx) => takeTurns(tx, room))

/**
 * One turn of a site: sends its webhooks, the oldest first, until one fails or the turn is over.
 */
async function serve(deps: WorkerDeps, site: Endpoint, stopping: AbortSignal): Promise<void> {
  const end = performance.now() + TURN_MS
  while (performance.now() < end && !stopping.aborted) {
    const delivery = await takeNext(deps, site)
    if (!delivery) break
    const isTaken = await send(deps, delivery, stopping)
    if (!isTaken) return
  }
  await deps.database.withPlatform('send_deliveries', (tx) => endTurn(tx, site))
}

/** Counts the attempt before it is made, so that one during which the worker dies is recorded. */
function takeNext(
  deps: WorkerDeps,
  { account_id, site_id }: Endpoint,
): Promise<Delivery | undefined> {
  return deps.database.withPlatform('send_deliveries', async (tx) => {
    const [next] = await tx
      .select()
      .from(wordpress_deliveries)
      .where(
        and(
          eq(wordpress_deliveries.account_id, account_id),
          eq(wordpress_deliveries.site_id, site_id),
          lte(wordpress_deliveries.next_attempt_at, sql`now()`),
        ),
      )
      .orderBy(asc(wordpress_deliveries.id))
      .limit(1)
    if (!next) return undefined
    const attempts = next.attempts + 1
    await tx.update(wordpress_deliveries).set({ attempts }).where(isDelivery(next))
    return { ...next, attempts }
  })
}

/** Returns whether the site accepted it. */
async function send(deps: WorkerDeps, delivery: Delivery, stopping: AbortSignal): Promise<boolean> {
  const began = Date.now()
  const outcome = await post(deps, delivery, stopping)
  const { status } = outcome
  const answer = storable(redactSecrets(outcome.answer), KEPT_ANSWER)
  const attempt: DeliveryAttempt = {
    at: new Date(began).toISOString(),
    status,
    answer,
    ms: Date.now() - began,
  }
  const log = [...delivery.log, attempt].slice(-KEPT_ATTEMPTS)
  const isTaken = status !== null && status >= 200 && status < 300
  const wasCutOff = !isTaken && stopping.aborted
  await deps.database.withPlatform('send_deliveries', async (tx) => {
    await lockSite(tx, delivery)
    await tx
      .update(wordpress_deliveries)
      .set({
        log,
        updated_at: sql`now()`,
        ...(isTaken ? DELIVERED : wasCutOff ? {} : refused(delivery, status)),
      })
      .where(isDelivery(delivery))
    if (isTaken) await noteWorking(tx, delivery, { inTurn: true })
    else if (wasCutOff) await endTurn(tx, delivery)
    else await noteFailure(tx, delivery, { why: answer, gone: status === 410 })
  })
  return isTaken
}

const DELIVERED = { state: 'delivered', delivered_at: sql`now()`, next_attempt_at: null } as const

/** A webhook that the site refuses repeatedly waits on its own: the site may accept others. */
function refused({ attempts }: Delivery, status: number | null) {
  if (status === null || !mayBeOfOne(status) || attempts < ATTEMPTS_FIRST) return {}
  const seconds = BACKOFF[attempts]
  if (seconds === undefined) return { state: 'failed', next_attempt_at: null } as const
  return { next_attempt_at: sql`now() + ${seconds} * interval '1 second'` }
}

/**
 * Whether a status may concern this webhook alone. Gateway errors, authentication errors and a
 * missing route concern all.
 */
const mayBeOfOne = (status: number) =>
  status === 500 ||
  (status >= 400 && status < 500 && ![401, 403, 404, 408, 410, 429].includes(status))

async function post(
  deps: WorkerDeps,
  delivery: Delivery,
  stopping: AbortSignal,
): Promise<DeliveryResult> {
  const { account_id: accountId, site_id: siteId, webhook_id, payload } = delivery
  const [site] = await deps.database.withAccount(
    { accountId },
    (tx) => tx.select().from(sites).where(eq(sites.id, siteId)),
    { readOnly: true },
  )
  if (!site?.wp_bridge_keys || !site.wp_rest_root) {
    return { status: null, answer: 'The site has no paired plugin.' }
  }
  const url = `${site.wp_rest_root}igny8/v1/events`
  const body = JSON.stringify(payload)
  try {
    const shared = await openBridgeKeys(deps.secrets, { accountId, siteId }, site.wp_bridge_keys)
    const keys = shared.filter(inUse).map(({ key }) => key)
    const { status, text } = await fetchPage(deps.fetch, url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(await sign(keys, webhook_id, body)) },
      body,
      signal: stopping,
    })
    return { status, answer: text }
  } catch (error) {
    if (error instanceof SecretUnreadableError) {
      return {
        status: null,
        answer: 'igny8 cannot decrypt the key of the site’s plugin. Connect the site again.',
      }
    }
    if (error instanceof WordPressError) return { status: null, answer: error.message }
    if (stopping.aborted)
      return { status: null, answer: 'igny8 stopped before the site responded.' }
    deps.logger.error({ err: error, site_id: siteId }, 'a webhook could not be sent')
    return { status: null, answer: 'Something failed in igny8. The webhook is sent again later.' }
  }
}

const isDelivery = ({ account_id, id }: Delivery) =>
  and(eq(wordpress_deliveries.account_id, account_id), eq(wordpress_deliveries.id, id))
