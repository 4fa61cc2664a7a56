import { z } from 'zod'
import { isRefusal, WordPressError } from '../http/errors.ts'
import { sleep } from '../http/sleep.ts'
import type { IntentEntry, IntentKind, IntentLog } from './intent-log.ts'
import { LOOK_UP_MS, MAX_PENDING_MS, MAX_REFUSED_RETRIES } from './retry-policy.ts'

/** What all creates of one publication share. */
export interface CreateContext {
  intentLog: IntentLog
  /**
   * Identifies what a person requested, across all attempts. A refusal is final within it; the next
   * publication asks again.
   */
  publication: string
  /**
   * How often the publication was retried. After some retries it continues without optional
   * objects.
   */
  retries: number
  /** How long WordPress may still carry out a request whose response was lost, in milliseconds. */
  settleMs: number
  now: () => number
  signal?: AbortSignal
}

export interface Found<T> {
  remote: T
  /** Other objects with the same mark, which this client did not create. */
  duplicates: number[]
}

/** How one kind of object is found and created. */
export interface Creation<T> {
  kind: IntentKind
  key: string
  /** Fetches the object in the intent log, or null when WordPress no longer has it. */
  fetchKnown(id: number): Promise<T | null>
  /** Finds the object by its mark. */
  find(): Promise<Found<T> | null>
  create(): Promise<T>
  /** WordPress allows only one object of this name, so that an existing one cannot be missed. */
  isNamed?: boolean
}

export interface Created<T> extends Found<T> {
  /** `known` to the intent log, `adopted` after a lost response, or `created` now. */
  how: 'known' | 'adopted' | 'created'
  /** The state in the intent log. */
  state: Record<string, unknown>
  /** The id of the previous object, which WordPress no longer has. */
  lostId: number | null
}

/** A process that was suspended for longer than this before it sent must not send. Milliseconds. */
const MAX_GAP_MS = 5_000

const refusalSchema = z.object({
  publication: z.string(),
  at: z.coerce.date(),
  /** Whether to look for the object once more after the request has settled. */
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
 * Ensures that WordPress has the object exactly once. A create is sent only after a look-up, and
 * only when no earlier request can still be under way. A refusal is an outcome: if the object may
 * exist anyway, it is looked for once more after the request has settled, and it is not requested
 * again in this publication.
 * @throws WordPressError `outcome_pending` while the outcome is unknown: call again after
 *   `retryAfterMs`; otherwise that of the failed request
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

/** After a failed create: returns the object if it exists anyway, or throws what to do next. */
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
  // WordPress may answer 4xx when a later part of a create fails after the object was created.
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

/** Whether WordPress refused the request and it must not be repeated in this publication. */
export function isFinalRefusal(
  error: unknown,
  { retries }: Pick<CreateContext, 'retries'>,
): error is WordPressError {
  return isRefusal(error) && (!error.retryable || retries >= MAX_REFUSED_RETRIES)
}

/** The earlier refusal of the object in this publication. */
function refusalOf({ state }: IntentEntry, { publication }: CreateContext): Refusal | undefined {
  const refusal = refusalSchema.safeParse(state.refusal).data
  return refusal?.publication === publication ? refusal : undefined
}

/** The refusal itself once it is certain that nothing was created, else `outcome_pending`. */
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
 * Acts on each item, and throws at the end the error with the longest wait, since all waits pass at
 * the same time. A failure of the whole site ends it at once.
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

/**
 * Looks for an object of unknown outcome, or one that another worker has just sent. It usually
 * shows soon.
 */
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

/**
 * Whether WordPress may have acted on the request: it was not stopped by a rate limit or the login.
 */
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
