import { eq, sql } from 'drizzle-orm'
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core'
import type { Tx } from '../../../db/database.ts'
import { type DeliveryAttempt, wordpress_deliveries } from '../../../db/schema/bridge.ts'
import { redactSecrets } from '../../../wp-bridge/client/http/redact-secrets.ts'
import { storable } from '../../../wp-bridge/client/http/storable.ts'
import type { Fetch } from '../../../wp-bridge/client/http/transport.ts'
import type { StepJob } from '../../steps/step.ts'

/** How much of each request and each response is kept, in characters. */
const KEPT = 4_000
const KEPT_EXCHANGES = 100

type Credentials = { username: string; appPassword: string }

type Attempt = { type: 'post.publish' | 'post.unpublish'; siteId: number; wanted?: object }

/**
 * The delivery log of one attempt at a step: its exchanges with a site, without secrets. If the
 * worker is killed, the log has everything up to the last `save`.
 */
export class DeliveryLog {
  readonly #deliveryId: number
  readonly #exchanges: DeliveryAttempt[] = []
  readonly #reading: Promise<void>[] = []
  #credentials: Credentials | undefined

  private constructor(deliveryId: number) {
    this.#deliveryId = deliveryId
  }

  /** A fetch that records its exchanges. Credentials are removed. */
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
        exchange.answer = this.#shown(
          error instanceof Error ? error.message : 'The request failed.',
        )
        throw error
      } finally {
        exchange.ms = Date.now() - began
      }
    }
  }

  /** Recorded only when the response was read, because a part may end within a secret. */
  async #read(response: Response, exchange: DeliveryAttempt): Promise<void> {
    const decoder = new TextDecoder()
    let answer = ''
    try {
      for await (const chunk of response.body ?? []) {
        answer += decoder.decode(chunk, { stream: true })
        // Leaving the loop cancels the copy, not the response that is read elsewhere.
        if (answer.length > 2 * KEPT) break
      }
    } catch {
      answer += ' … (the connection failed)'
    }
    exchange.answer = this.#shown(answer)
  }

  #shown(text: string): string {
    const start = text.slice(0, 2 * KEPT)
    return storable(redactSecrets(start, this.#credentials), KEPT)
  }

  /** Starts the log of an attempt, and marks an earlier attempt that never ended as failed. */
  static async begin(tx: Tx, { step }: StepJob, about: Attempt): Promise<DeliveryLog> {
    const { account_id, id: step_id, run_id, object_id: task_id, attempt } = step
    const { type, siteId: site_id, wanted } = about
    await tx.execute(sql`update wordpress_deliveries set state = 'failed', updated_at = now()
      where site_id = ${site_id} and kind = 'publish' and state = 'pending'
        and payload ->> 'step_id' = ${String(step_id)}`)
    const payload = { task_id, run_id, step_id, attempt, ...wanted }
    const values = { account_id, site_id, kind: 'publish', type, payload } as const
    const [row] = await tx
      .insert(wordpress_deliveries)
      .values({ ...values, attempts: 1, next_attempt_at: null })
      .returning({ id: wordpress_deliveries.id })
    return new DeliveryLog(row!.id)
  }

  /** Runs the logged work. Records a failure, together with what `noteFailure` writes. */
  async during<T>(
    job: StepJob,
    work: () => Promise<T>,
    noteFailure?: (tx: Tx, error: unknown) => Promise<void>,
  ): Promise<T> {
    try {
      return await work()
    } catch (error) {
      await Promise.allSettled(this.#reading)
      await job.write(async (tx) => {
        await this.#set(tx, { state: 'failed' })
        await noteFailure?.(tx, error)
      })
      throw error
    } finally {
      await Promise.allSettled(this.#reading)
    }
  }

  /** Writes the exchanges so far. */
  async save(tx: Tx): Promise<void> {
    await this.#set(tx, {})
  }

  /** Records that the attempt succeeded. */
  async delivered(tx: Tx): Promise<void> {
    await this.#set(tx, { state: 'delivered', delivered_at: sql`now()` })
  }

  async #set(tx: Tx, change: PgUpdateSetSource<typeof wordpress_deliveries>): Promise<void> {
    const log = this.#exchanges.slice(-KEPT_EXCHANGES)
    await tx
      .update(wordpress_deliveries)
      .set({ ...change, log, updated_at: sql`now()` })
      .where(eq(wordpress_deliveries.id, this.#deliveryId))
  }
}

function bodyOf(body: BodyInit | null | undefined): string {
  if (typeof body === 'string') return body
  return body instanceof Uint8Array ? `<${body.byteLength} bytes>` : ''
}
