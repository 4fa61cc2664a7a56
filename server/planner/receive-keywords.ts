import type { Context, MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { type AppEnv, callerOf } from '../http/endpoint.ts'
import { openFingerprint } from '../http/idempotency.ts'
import { limitConcurrency } from '../http/limit-concurrency.ts'
import { planLimitReached } from '../http/plan-limit-errors.ts'
import { requireSiteSector, type SiteSector } from '../sites/site-sector.ts'
import type { KeywordRow } from './keyword-columns.ts'
import { dropStage, keywordLimit, type Staging, stageRows } from './keyword-stage.ts'
import { formBoundary, openUpload, type Rows } from './keyword-upload.ts'
import type { Imported } from './schemas.ts'

type Tally = { rows: number } & Pick<z.infer<typeof Imported>, 'errors' | 'errors_truncated'>

/** A file of keywords that has arrived. */
export type Received = {
  staging: Staging
  /** Rows that are not staged yet: most files are one batch, and are staged as they are merged. */
  rest: KeywordRow[]
  place: SiteSector
  tally: Tally
}

const BATCH = 5000
const MAX_ERRORS = 100
/** Uploads per account; each holds a few batches in memory. */
export const IMPORTS_AT_ONCE = 3
const uploads = limitConcurrency({
  places: Number.POSITIVE_INFINITY,
  each: IMPORTS_AT_ONCE,
  waiting: 20,
  patienceMs: 60_000,
  // An hour for the upload, plus the merge and its wait.
  longestMs: 2 * 3_600_000,
  what: 'imports of your account',
  code: 'rate_limited',
})

/**
 * Receives an uploaded file, whatever its size, with a batch of rows in memory, and hands it to
 * `received`. Rows are staged in short transactions: none waits for the sender. Who imports, where to,
 * and the plan's limit are checked before the first row is staged, except for a form that names its
 * sector after the file.
 */
export function receiveKeywords(
  deps: Deps,
  received: (c: Context<AppEnv>, file: Received) => void,
): MiddlewareHandler<AppEnv> {
  return (c, next) => {
    const caller = callerOf(c)
    return uploads(String(caller.accountId), async () => {
      const stage = new Stage(deps, caller)
      try {
        received(c, await stage.receive(c))
        await next()
      } finally {
        await stage.drop()
      }
    })
  }
}

class Stage {
  readonly #deps: Deps
  readonly #caller: Caller
  readonly #staging: Staging
  readonly #tally: Tally = { rows: 0, errors: [], errors_truncated: 0 }
  #limit = 0
  #staged = 0
  #isWritten = false

  constructor(deps: Deps, caller: Caller) {
    this.#deps = deps
    this.#caller = caller
    this.#staging = { accountId: caller.accountId, uploadId: crypto.randomUUID() }
  }

  async receive(c: Context<AppEnv>): Promise<Received> {
    const contentType = c.req.header('content-type') ?? ''
    const key = c.req.header('idempotency-key')
    const fingerprint = key && openFingerprint(c, formBoundary(contentType))
    const { body } = c.req.raw
    const taken =
      body && fingerprint ? body.pipeThrough(tap((chunk) => fingerprint.add(chunk))) : body
    const upload = openUpload(taken, contentType, (place) => this.#admit(place))
    let rest: KeywordRow[] = []
    for await (const rows of inBatches(upload.rows)) {
      if (rest.length > 0) await this.#write(rest)
      rest = this.#count(rows)
    }
    if (fingerprint) c.set('bodyFingerprint', await fingerprint.end())
    return { staging: this.#staging, rest, place: upload.place(), tally: this.#tally }
  }

  /** Whether the caller may still import, and where the fields came before the file, to where. */
  async #admit(place: SiteSector | undefined): Promise<void> {
    await this.#deps.database.withAccount(this.#caller.scope, async (tx) => {
      if (place) await requireSiteSector(tx, place)
      this.#limit = await keywordLimit(tx, this.#caller.accountId)
    })
  }

  async #write(rows: KeywordRow[]): Promise<void> {
    this.#isWritten = true
    this.#staged += await this.#deps.database.withAccount(this.#caller.scope, (tx) =>
      stageRows(tx, this.#staging, rows),
    )
    if (this.#staged > this.#limit) throw planLimitReached('max_keywords', this.#limit)
  }

  #count(rows: Rows): KeywordRow[] {
    const read: KeywordRow[] = []
    const { errors } = this.#tally
    for (const row of rows) {
      this.#tally.rows++
      if ('keyword' in row) read.push(row)
      else if (errors.length < MAX_ERRORS) errors.push(row)
      else this.#tally.errors_truncated++
    }
    return read
  }

  /** In the account's own name: the caller may have been deactivated meanwhile. What stays is swept. */
  async drop(): Promise<void> {
    if (!this.#isWritten) return
    const { accountId } = this.#caller
    const { database, logger } = this.#deps
    const drop = (tx: Tx) => dropStage(tx, this.#staging)
    await database
      .withAccount({ accountId }, drop, { whileClosed: true })
      .catch((err: unknown) =>
        logger.warn({ err }, 'could not remove the staged rows of an upload; they are swept later'),
      )
  }
}

async function* inBatches(pieces: AsyncGenerator<Rows, void, undefined>) {
  let batch: Rows = []
  for await (const rows of pieces) {
    for (const row of rows) batch.push(row)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function tap(see: (chunk: Uint8Array) => Promise<void>) {
  return new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      await see(chunk)
      controller.enqueue(chunk)
    },
  })
}
