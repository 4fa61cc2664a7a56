import { and, eq, sql } from 'drizzle-orm'
import { sites } from '../../db/schema/auth.ts'
import { type DeliveryAttempt, wordpress_deliveries } from '../../db/schema/bridge.ts'
import { openBridgeKeys } from '../../server/publishing/bridge-keys.ts'
import { SecretUnreadableError } from '../../server/secrets.ts'
import { MAX_ERROR_BYTES, readStart } from '../../wp-bridge/client/answer.ts'
import { failureOfFetch, WordPressError } from '../../wp-bridge/client/errors.ts'
import { sign } from '../../wp-bridge/client/sign.ts'
import { withoutSecrets } from '../../wp-bridge/client/without-secrets.ts'
import type { WorkerDeps } from '../step.ts'

const BATCH = 20
const TIMEOUT_MS = 15_000
const KEPT_ANSWER = 500
const KEPT_ATTEMPTS = 20
/** Seconds after each attempt until the next, three days in all; then it is given up. */
const DELAYS = [20, 60, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, ...Array(5).fill(43_200)]

type Delivery = typeof wordpress_deliveries.$inferSelect

/** Sends the webhooks that are due. Any number of workers may call this at once. */
export async function sendDeliveries(deps: WorkerDeps): Promise<number> {
  const due = await takeDue(deps)
  await Promise.all(due.map((delivery) => send(deps, delivery)))
  return due.length
}

/** Counts the attempt before it is made, so that one that ends with its worker is made again later. */
function takeDue(deps: WorkerDeps): Promise<Delivery[]> {
  return deps.doors.withPlatform('send_deliveries', async (tx) => {
    const due = await tx
      .select()
      .from(wordpress_deliveries)
      .where(sql`${wordpress_deliveries.next_attempt_at} <= now()`)
      .orderBy(wordpress_deliveries.next_attempt_at)
      .limit(BATCH)
      .for('update', { skipLocked: true })
    for (const delivery of due) {
      const delay = DELAYS[delivery.attempts]
      await tx
        .update(wordpress_deliveries)
        .set({
          attempts: delivery.attempts + 1,
          next_attempt_at: delay === undefined ? null : sql`now() + ${delay} * interval '1 second'`,
          state: delay === undefined ? 'failed' : 'pending',
        })
        .where(isDelivery(delivery))
    }
    return due
  })
}

async function send(deps: WorkerDeps, delivery: Delivery): Promise<void> {
  const began = Date.now()
  const { status, answer } = await post(deps, delivery)
  const attempt: DeliveryAttempt = {
    at: new Date(began).toISOString(),
    status,
    answer: withoutSecrets(answer).slice(0, KEPT_ANSWER).replaceAll('\0', '').toWellFormed(),
    ms: Date.now() - began,
  }
  const isTaken = status !== null && status >= 200 && status < 300
  const log = [...delivery.log, attempt].slice(-KEPT_ATTEMPTS)
  const delivered = { state: 'delivered', delivered_at: sql`now()`, next_attempt_at: null } as const
  await deps.doors.withPlatform('send_deliveries', (tx) =>
    tx
      .update(wordpress_deliveries)
      .set({ log, updated_at: sql`now()`, ...(isTaken ? delivered : {}) })
      .where(isDelivery(delivery)),
  )
}

async function post(
  deps: WorkerDeps,
  delivery: Delivery,
): Promise<{ status: number | null; answer: string }> {
  const { account_id: accountId, site_id: siteId, webhook_id, payload } = delivery
  const [site] = await deps.doors.withAccount(
    { accountId },
    (tx) => tx.select().from(sites).where(eq(sites.id, siteId)),
    { readOnly: true },
  )
  if (!site?.wp_bridge_keys || !site.wp_rest_root) {
    return { status: null, answer: 'The site has no paired plugin.' }
  }
  const url = `${site.wp_rest_root.replace(/\/?$/, '/')}igny8/v1/events`
  const body = JSON.stringify(payload)
  try {
    const [key] = await openBridgeKeys(deps.secrets, { accountId, siteId }, site.wp_bridge_keys)
    const response = await deps.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(await sign(key!, webhook_id, body)) },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return { status: response.status, answer: await readStart(response, MAX_ERROR_BYTES) }
  } catch (error) {
    if (error instanceof SecretUnreadableError) {
      return { status: null, answer: 'The site’s key cannot be read. Link the site again.' }
    }
    const failure =
      error instanceof WordPressError ? error : failureOfFetch(error, new URL(url).origin)
    return { status: null, answer: failure.message }
  }
}

const isDelivery = ({ account_id, id }: Delivery) =>
  and(eq(wordpress_deliveries.account_id, account_id), eq(wordpress_deliveries.id, id))
