import { eq, sql } from 'drizzle-orm'
import { type DeliveryAttempt, wordpress_deliveries } from '../../db/schema/auth.ts'
import type { Tx } from '../../db/tenancy.ts'
import type { Fetch } from '../../wp-bridge/client/transport.ts'
import { withoutSecrets } from '../../wp-bridge/client/without-secrets.ts'
import type { Step } from '../step.ts'

/** Of each request and each answer: characters. */
const KEPT = 4_000
const KEPT_EXCHANGES = 100

type Credentials = { username: string; appPassword: string }

/** What one attempt at a step exchanged with a site, for the delivery log; without secrets. */
export class ExchangeLog {
  readonly #exchanges: DeliveryAttempt[] = []
  readonly #reading: Promise<void>[] = []
  #credentials: Credentials | undefined

  /** A fetch that notes what passes. What it is signed in with appears nowhere. */
  recording(fetch: Fetch, credentials: Credentials): Fetch {
    this.#credentials = credentials
    return async (url, init) => {
      const began = Date.now()
      const { pathname, search } = new URL(url)
      const exchange: DeliveryAttempt = {
        at: new Date(began).toISOString(),
        method: init?.method ?? 'GET',
        path: this.#shown(pathname + search),
        request: this.#shown(bodyOf(init?.body)),
        status: null,
        answer: '',
        ms: 0,
      }
      this.#exchanges.push(exchange)
      try {
        const response = await fetch(url, init)
        exchange.status = response.status
        this.#reading.push(this.#read(response.clone(), exchange))
        return response
      } catch (error) {
        exchange.answer = this.#shown(error instanceof Error ? error.message : 'It broke off.')
        throw error
      } finally {
        exchange.ms = Date.now() - began
      }
    }
  }

  async #read(response: Response, exchange: DeliveryAttempt): Promise<void> {
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response.body ?? []) {
        exchange.answer += decoder.decode(chunk, { stream: true })
        // Leaving the loop ends the copy, and not the answer that is read elsewhere.
        if (exchange.answer.length > KEPT) break
      }
      exchange.answer = this.#shown(exchange.answer)
    } catch {
      exchange.answer = this.#shown(`${exchange.answer} … and broke off.`)
    }
  }

  #shown(text: string): string {
    const shown = withoutSecrets(text, this.#credentials).replaceAll('\0', '')
    return (shown.length > KEPT ? `${shown.slice(0, KEPT)} …` : shown).toWellFormed()
  }

  /** Notes that an attempt begins, and that one before it that did not end never will. */
  static async begin(tx: Tx, step: Step, siteId: number, wanted: object): Promise<number> {
    const { account_id, id: step_id, run_id, object_id: task_id, attempt } = step
    await tx.execute(sql`update wordpress_deliveries set state = 'failed', updated_at = now()
      where site_id = ${siteId} and kind = 'publish' and state = 'pending'
        and payload ->> 'step_id' = ${String(step_id)}`)
    const payload = { task_id, run_id, step_id, attempt, ...wanted }
    const next_attempt_at = null
    const [row] = await tx
      .insert(wordpress_deliveries)
      .values({
        account_id,
        site_id: siteId,
        kind: 'publish',
        type: 'post.publish',
        payload,
        next_attempt_at,
      })
      .returning({ id: wordpress_deliveries.id })
    return row!.id
  }

  /** Waits until the answers are read. */
  async complete(): Promise<void> {
    await Promise.allSettled(this.#reading)
  }

  /** Notes how the attempt ended, with what was exchanged. */
  async end(tx: Tx, id: number, state: 'delivered' | 'failed'): Promise<void> {
    const log = this.#exchanges.slice(-KEPT_EXCHANGES)
    const delivered_at = state === 'delivered' ? sql`now()` : null
    await tx
      .update(wordpress_deliveries)
      .set({ state, log, attempts: 1, delivered_at, updated_at: sql`now()` })
      .where(eq(wordpress_deliveries.id, id))
  }
}

function bodyOf(body: BodyInit | null | undefined): string {
  if (typeof body === 'string') return body
  return body instanceof Uint8Array ? `<${body.byteLength} bytes>` : ''
}
