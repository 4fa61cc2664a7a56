import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core'
import type { Tx } from '../../db/database.ts'
import { type TaskStatus, tasks } from '../../db/schema/writer.ts'
import { DomainError } from '../errors.ts'

type Task = typeof tasks.$inferSelect
/** Every column but the status, and `updated_at`, which the functions below set. */
type Fields = Omit<PgUpdateSetSource<typeof tasks>, 'status'> & { status?: never }

/** What a person may set; the others are set by runs. */
export const SETTABLE_STATUSES = ['queued', 'draft', 'review'] as const
export type SettableStatus = (typeof SETTABLE_STATUSES)[number]

/** Why this status cannot be set now, or undefined. `has_article` includes an article in the same request. */
export function statusRefusal(
  task: Pick<Task, 'id' | 'status'> & { busy: boolean; has_article: boolean },
  status: SettableStatus,
): DomainError | undefined {
  const { id } = task
  if (task.status === status) return undefined
  if (task.busy) return busy(id)
  if (status === 'queued') return undefined
  if (task.status === 'published' || task.status === 'completed') {
    return new DomainError(
      'wrong_state',
      `Task ${id} is ${task.status}, so its post is in WordPress. Unpublish it to return it to review.`,
    )
  }
  if (task.has_article) return undefined
  return new DomainError(
    'wrong_state',
    `Task ${id} has no article yet, so it cannot be ${status}. Send html_content, or generate one.`,
  )
}

export function busy(id: number): DomainError {
  return new DomainError(
    'already_running',
    `A run is working on task ${id}. Wait for it or cancel it first.`,
  )
}

/** Changes columns of a task other than its status. */
export async function updateTaskFields(tx: Tx, id: number, fields: Fields): Promise<void> {
  await tx.update(tasks).set(fields).where(eq(tasks.id, id))
}

/** any → `status`, for a person. The caller has locked the tasks and asked `statusRefusal`. */
export async function setStatus(tx: Tx, ids: number[], status: SettableStatus): Promise<void> {
  await set(tx, among(ids), { status })
}

/** queued → in_progress; false when the task is in neither. */
export async function beginWriting(tx: Tx, id: number): Promise<boolean> {
  const canBegin = inArray(tasks.status, ['queued', 'in_progress'])
  const begun = await set(tx, and(eq(tasks.id, id), canBegin), { status: 'in_progress' })
  return begun.length > 0
}

/** in_progress → queued, since the attempt at writing has ended without an article. */
export async function stopWriting(tx: Tx, id: number): Promise<void> {
  await set(tx, and(eq(tasks.id, id), eq(tasks.status, 'in_progress')), { status: 'queued' })
}

/** in_progress → draft: it has its article. */
export async function setDraft(tx: Tx, id: number, fields: Fields): Promise<void> {
  await set(tx, eq(tasks.id, id), { ...fields, status: 'draft', error: null })
}

/** draft → review: it has its images. Returns undefined when the task was deleted. */
export async function setIllustrated(tx: Tx, id: number) {
  const [task] = await set(tx, eq(tasks.id, id), { status: from('draft', 'review'), error: null })
  return task
}

/** draft → review: it waits for approval. */
export async function submitForReview(tx: Tx, id: number): Promise<void> {
  await set(tx, and(eq(tasks.id, id), eq(tasks.status, 'draft')), { status: 'review' })
}

/** draft → review: a person, given by name, has approved the current articles. */
export async function setApproved(tx: Tx, ids: number[], approved_by: string): Promise<void> {
  const status = from('draft', 'review')
  await set(tx, among(ids), { approved_at: sql`now()`, approved_by, status })
}

/** in_progress → queued, with the error that ended its step. A task in another status keeps it. */
export async function setFailed(tx: Tx, id: number, error: Task['error']): Promise<void> {
  await set(tx, eq(tasks.id, id), { status: from('in_progress', 'queued'), error })
}

/** any → published: its post is in WordPress. */
export async function setPublished(tx: Tx, id: number, fields: Fields): Promise<void> {
  await set(tx, eq(tasks.id, id), { ...fields, status: 'published', error: null })
}

/** published → completed: visitors see its post, if that is still `postId`. */
export async function setCompleted(tx: Tx, id: number, postId: number): Promise<void> {
  // The site may have been linked to another WordPress since.
  const isIts = and(eq(tasks.id, id), eq(tasks.assigned_post_id, postId))
  await set(tx, isIts, { status: 'completed', verify_at: null })
}

/**
 * published → completed or review, as the post was found in WordPress; no `status` leaves it published.
 * False when somebody published the task again, or unpublished it, since `seen` was read.
 */
export async function recordVerification(
  tx: Tx,
  seen: Pick<Task, 'id' | 'status' | 'published_at'>,
  { status = seen.status, ...fields }: { status?: TaskStatus } & Omit<Fields, 'status'>,
): Promise<boolean> {
  const publishedAt = seen.published_at?.toISOString() ?? null
  const isUnchanged = and(
    eq(tasks.id, seen.id),
    eq(tasks.status, seen.status),
    sql`${tasks.published_at} is not distinct from ${publishedAt}::timestamptz`,
  )
  return (await set(tx, isUnchanged, { ...fields, status })).length > 0
}

/** completed → published: what was seen live is not any more, or has to be looked at again. */
export async function setNotLive(tx: Tx, which: SQL, fields: Fields): Promise<void> {
  await set(tx, which, { ...fields, status: from('completed', 'published') })
}

/** any → review: its post is a draft in WordPress again. */
export async function setUnpublished(tx: Tx, id: number, fields: Fields): Promise<void> {
  await set(tx, eq(tasks.id, id), { ...fields, status: 'review', error: null })
}

const among = (ids: number[]) => sql`${tasks.id} = any(${sql.param(ids)}::bigint[])`

const from = (before: TaskStatus, after: TaskStatus) =>
  sql<TaskStatus>`case ${tasks.status} when ${before} then ${after} else ${tasks.status} end`

function set(
  tx: Tx,
  which: SQL | undefined,
  changes: PgUpdateSetSource<typeof tasks>,
): Promise<Pick<Task, 'account_id' | 'site_id' | 'sector_id'>[]> {
  return tx
    .update(tasks)
    .set({ ...changes, updated_at: sql`now()` })
    .where(which)
    .returning({
      account_id: tasks.account_id,
      site_id: tasks.site_id,
      sector_id: tasks.sector_id,
    })
}
