import { z } from 'zod'
import { isRefusal, WordPressError } from '../http/errors.ts'
import { sleep } from '../http/sleep.ts'
import type { IntentEntry, IntentKind, IntentLog } from './intent-log.ts'
import { LOOK_UP_MS, MAX_PENDING_MS, MAX_REFUSED_RETRIES } from './retry-policy.ts'

/** What every create of one publication shares. */
export interface CreateContext {
  intentLog: IntentLog
  /**
   * Names what a person asked for, however often it is attempted: what was refused in it is an outcome,
   * and is asked for again in the next one.
   */
  publication: string
  /** How often the publication has been retried: it ends without what it can do without. */
  retries: number
  /** Milliseconds for which WordPress may still carry out a request whose answer was lost. */
  settleMs: number
  now: () => number
  signal?: AbortSignal
}

export interface Found<T> {
  remote: T
  /** Others that bear the same mark: something else than this client made them. */
  duplicates: number[]
}

/** How one kind of object is looked up and created. */
export interface Creation<T> {
  kind: IntentKind
  key: string
  /** The object that the intent log names, or null when WordPress no longer has it. */
  fetchKnown(id: number): Promise<T | null>
  /** The object by its own mark, wherever WordPress keeps it. */
  find(): Promise<Found<T> | null>
  create(): Promise<T>
  /** WordPress itself takes no second one of this name, so that no made one can be overlooked. */
  isNamed?: boolean
}

export interface Created<T> extends Found<T> {
  /** `known` to the intent log, `adopted` after a lost answer, or `created` now. */
  how: 'known' | 'adopted' | 'created'
  /** What the intent log knew of it. */
  state: Record<string, unknown>
  /** The id of the object that it replaces, which WordPress no longer has. */
  lostId: number | null
}

/** A process that was suspended for longer than this before it could send must not send: ms. */
const MAX_GAP_MS = 5_000

const refusalSchema = z.object({
  publication: z.string(),
  at: z.coerce.date(),
  /** Whether it is looked for once more when it has settled. */
  isLookedFor: z.boolean(),
  error: z.object({
    code: z.string(),
    message: z.string(),
    remedy: z.string(),
    status: z.number().optional(),
    wpCode: z.string().optional(),
  }),
})
type Refusal = z.infer<typeof refusalSchema>

/**
 * Makes sure that WordPress has the object, and has it once. A create is sent only when the object
 * was looked for and no earlier request can still be on its way. A refusal is an outcome: the object is
 * looked for once more when the request has settled, if it may have been made all the same, and is not
 * asked for again in this publication.
 * @throws WordPressError `outcome_pending` when that is not known yet: come back after
 *   `retryAfterMs`; else that of the failed request
 */
export async function createOnce<T extends { id: number }>(
  context: CreateContext,
  creation: Creation<T>,
): Promise<Created<T>> {
  const { kind, key } = creation
  const { intentLog, settleMs, now } = context
  const entry = await intentLog.recall(kind, key)
  if (entry.remote_id !== null) {
    const remote = await creation.fetchKnown(entry.remote_id)
    if (remote) return { remote, how: 'known', state: entry.state, lostId: null, duplicates: [] }
  }
  const base = { state: {}, lostId: entry.remote_id }
  const found = await creation.find()
  if (found) return { ...base, ...found, how: 'adopted' }
  const refusal = refusalOf(entry, context)
  if (refusal) throw ending(context, kind, refusal)
  const settlesAt = (entry.intent_at?.getTime() ?? Number.NEGATIVE_INFINITY) + settleMs
  if (now() < settlesAt) {
    const appeared = await lookUp(context, creation)
    if (appeared) return { ...base, ...appeared, how: 'adopted' }
    throw pending(kind, settlesAt - now())
  }

  const at = new Date(now())
  if (!(await intentLog.intend(kind, key, at, entry.intent_at))) {
    const appeared = await lookUp(context, creation)
    if (appeared) return { ...base, ...appeared, how: 'adopted' }
    throw pending(kind, settleMs)
  }
  if (now() - at.getTime() > MAX_GAP_MS) {
    await intentLog.withdraw(kind, key, at)
    throw suspended(kind)
  }
  try {
    const remote = await creation.create()
    return { ...base, remote, how: 'created', duplicates: [] }
  } catch (error) {
    context.signal?.throwIfAborted()
    if (!(error instanceof WordPressError)) throw error
    return { ...base, ...(await reconcile(context, creation, at, error)), how: 'adopted' }
  }
}

/** After a failed create: the object if it exists all the same, else the error that tells what to do. */
async function reconcile<T>(
  context: CreateContext,
  creation: Creation<T>,
  at: Date,
  error: WordPressError,
): Promise<Found<T>> {
  const { kind, key, isNamed = false } = creation
  const { intentLog, publication, settleMs, now } = context
  if (error.outcome === 'unknown') {
    const found = await lookUp(context, creation)
    if (found) return found
    throw pending(kind, at.getTime() + settleMs - now(), error)
  }
  // WordPress also answers 4xx when a later part of a create fails, after the object was made.
  const made = mayHaveBegun(error) ? await creation.find() : null
  if (made) return made
  const isLookedFor = error.outcome === 'refused' && !isNamed
  if (!(isLookedFor && isRefusal(error)) && !isFinalRefusal(error, context)) {
    await intentLog.withdraw(kind, key, at)
    throw error
  }
  const { code, message, remedy, status, wpCode } = error
  const facts = { code, message, remedy, status, wpCode }
  const refusal: Refusal = { publication, at, isLookedFor, error: facts }
  await intentLog.refuse(kind, key, at, refusal)
  if (!isLookedFor) await intentLog.withdraw(kind, key, at)
  throw ending(context, kind, refusal)
}

/** Whether WordPress does not do just this, and is not asked for it again in this publication. */
export function isFinalRefusal(
  error: unknown,
  { retries }: Pick<CreateContext, 'retries'>,
): error is WordPressError {
  return isRefusal(error) && (!error.retryable || retries >= MAX_REFUSED_RETRIES)
}

/** How the object was refused earlier in this publication. */
function refusalOf({ state }: IntentEntry, { publication }: CreateContext): Refusal | undefined {
  const refusal = refusalSchema.safeParse(state.refusal).data
  return refusal?.publication === publication ? refusal : undefined
}

/** The refusal, once it is sure that nothing was made. */
function ending({ settleMs, now }: CreateContext, kind: IntentKind, refusal: Refusal) {
  const { error, at, isLookedFor } = refusal
  const remainingMs = at.getTime() + settleMs - now()
  if (!isLookedFor || remainingMs <= 0) return new WordPressError(error)
  return new WordPressError({
    code: 'outcome_pending',
    message: `${error.message} igny8 looks for the ${kind} once more, in case WordPress created it anyway.`,
    remedy: error.remedy,
    retryable: true,
    retryAfterMs: remainingMs + 1,
    outcome: 'refused',
  })
}

/**
 * Does each, and fails at the end with what must be waited for longest: what each waits for passes at
 * the same time. What is wrong with the whole site ends it at once.
 */
export async function eachInTurn<T>(items: T[], act: (item: T) => Promise<void>): Promise<void> {
  let longest: WordPressError | undefined
  for (const item of items) {
    try {
      await act(item)
    } catch (error) {
      const isOwn = error instanceof WordPressError && error.retryable
      if (!isOwn || !(error.code === 'outcome_pending' || isRefusal(error))) throw error
      if ((longest?.retryAfterMs ?? -1) < (error.retryAfterMs ?? 0)) longest = error
    }
  }
  if (longest) throw longest
}

/** A create whose outcome is unknown, or that another worker has just sent, mostly shows soon. */
async function lookUp<T>(
  { signal }: CreateContext,
  creation: Creation<T>,
): Promise<Found<T> | null> {
  for (const delay of LOOK_UP_MS) {
    await sleep(delay, signal)
    const found = await creation.find().catch(unlessLookUpFailed)
    if (found) return found
  }
  return null
}

/** Whether the request came so far that WordPress acted on it: no limit or sign-in stopped it. */
function mayHaveBegun(error: WordPressError): boolean {
  return error.status !== undefined && error.status !== 429 && error.status !== 401
}

function unlessLookUpFailed(error: unknown): null {
  if (error instanceof WordPressError) return null
  throw error
}

function pending(kind: IntentKind, remainingMs: number, cause?: WordPressError): WordPressError {
  return new WordPressError(
    {
      code: 'outcome_pending',
      message: `igny8 does not know yet whether WordPress created the ${kind}${cause ? `: ${cause.message}` : '.'}`,
      remedy:
        cause?.remedy ??
        'No action is needed: igny8 looks for it again before it repeats the request.',
      retryable: true,
      retryAfterMs: Math.min(Math.max(remainingMs, 0) + 1, MAX_PENDING_MS),
      outcome: 'unknown',
      spendsAttempt: cause !== undefined,
    },
    { cause },
  )
}

function suspended(kind: IntentKind): WordPressError {
  return new WordPressError({
    code: 'attempt_suspended',
    message: `igny8 did not send the ${kind} to WordPress, because its process was suspended for too long.`,
    remedy: 'No action is needed: igny8 tries again.',
    retryable: true,
    retryAfterMs: 0,
  })
}
