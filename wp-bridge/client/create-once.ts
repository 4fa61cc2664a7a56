import { WordPressError } from './errors.ts'
import type { JournalKind, PublishJournal } from './journal.ts'
import { pause } from './pause.ts'

/** What every create of one publication shares. */
export interface CreateContext {
  journal: PublishJournal
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
  kind: JournalKind
  key: string
  /** The object that the journal names, or null when WordPress no longer has it. */
  fetchKnown(id: number): Promise<T | null>
  /** The object by its own mark, wherever WordPress keeps it. */
  find(): Promise<Found<T> | null>
  create(): Promise<T>
}

export interface Created<T> extends Found<T> {
  /** `known` to the journal, `adopted` after a lost answer, or `created` now. */
  how: 'known' | 'adopted' | 'created'
  /** What the journal knew of it. */
  state: Record<string, unknown>
  /** The id of the object that it replaces, which WordPress no longer has. */
  lostId: number | null
}

/** A process that was suspended for longer than this before it could send must not send: ms. */
const MAX_GAP_MS = 5_000

/** Look-ups while an outcome is unknown, in milliseconds between them. */
const LOOK_DELAYS = [250, 750, 1_000]

/** A caller is asked to come back at least this often while an outcome is unknown: ms. */
const MAX_PENDING_MS = 10_000

/**
 * Makes sure that WordPress has the object, and has it once. A create is sent only when the object
 * was looked for and no earlier request can still be on its way.
 * @throws WordPressError `outcome_pending` when that is not known yet: come back after
 *   `retryAfterMs`; else that of the failed request
 */
export async function createOnce<T extends { id: number }>(
  context: CreateContext,
  creation: Creation<T>,
): Promise<Created<T>> {
  const { kind, key } = creation
  const { journal, settleMs, now } = context
  const entry = await journal.recall(kind, key)
  if (entry.remote_id !== null) {
    const remote = await creation.fetchKnown(entry.remote_id)
    if (remote) return { remote, how: 'known', state: entry.state, lostId: null, duplicates: [] }
  }
  const base = { state: {}, lostId: entry.remote_id }
  const found = await creation.find()
  if (found) return { ...base, ...found, how: 'adopted' }
  const settlesAt = (entry.intent_at?.getTime() ?? Number.NEGATIVE_INFINITY) + settleMs
  if (now() < settlesAt) {
    const appeared = await lookAgain(context, creation)
    if (appeared) return { ...base, ...appeared, how: 'adopted' }
    throw pending(kind, settlesAt - now())
  }

  const at = new Date(now())
  if (!(await journal.intend(kind, key, at, entry.intent_at))) {
    const appeared = await lookAgain(context, creation)
    if (appeared) return { ...base, ...appeared, how: 'adopted' }
    throw pending(kind, settleMs)
  }
  if (now() - at.getTime() > MAX_GAP_MS) {
    await journal.withdraw(kind, key, at)
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
  const { kind, key } = creation
  const { journal, settleMs, now } = context
  if (error.outcome === 'not_done') {
    // WordPress also answers 4xx when a later part of a create fails, after the object was made.
    const made = mayHaveBegun(error) ? await creation.find() : null
    if (made) return made
    await journal.withdraw(kind, key, at)
    throw error
  }
  const found = await lookAgain(context, creation)
  if (found) return found
  throw pending(kind, at.getTime() + settleMs - now(), error)
}

/** A create whose outcome is unknown, or that another worker has just sent, mostly shows soon. */
async function lookAgain<T>(
  { signal }: CreateContext,
  creation: Creation<T>,
): Promise<Found<T> | null> {
  for (const delay of LOOK_DELAYS) {
    await pause(delay, signal)
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

function pending(kind: JournalKind, remainingMs: number, cause?: WordPressError): WordPressError {
  return new WordPressError(
    {
      code: 'outcome_pending',
      message: `It is not known yet whether WordPress made the ${kind}${cause ? `: ${cause.message}` : '.'}`,
      remedy: 'Nothing needs to be done: it is looked for again before anything is repeated.',
      retryable: true,
      retryAfterMs: Math.min(Math.max(remainingMs, 0) + 1, MAX_PENDING_MS),
      outcome: 'unknown',
    },
    { cause },
  )
}

function suspended(kind: JournalKind): WordPressError {
  return new WordPressError({
    code: 'attempt_suspended',
    message: `The ${kind} was not sent to WordPress, because this process was held up before it could.`,
    remedy: 'Nothing needs to be done: it is tried again.',
    retryable: true,
    retryAfterMs: 0,
  })
}
