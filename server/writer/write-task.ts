import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { author_profiles } from '../../db/schema/guidance.ts'
import { tasks } from '../../db/schema/writer.ts'
import { invalid, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { requireSiteSector } from '../sites/site-sector.ts'
import { requireCluster } from '../tasks/require-cluster.ts'
import { resolveKeywords } from '../tasks/resolve-keywords.ts'
import { setStatus, statusRefusal, updateTaskFields } from '../tasks/task-status.ts'
import { lockTasks } from './lock-tasks.ts'
import { saveArticle } from './save-article.ts'
import type { NewTask, UpdateTask } from './schemas.ts'
import { linkKeywords } from './task-keywords.ts'

/**
 * Creates a task, with its article if one is sent, and returns its id. Throws a 404 for an unknown site and a
 * 400 for objects that do not belong to it.
 */
export async function createTask(tx: Tx, caller: Caller, input: z.infer<typeof NewTask>) {
  const { keyword_objects, keywords, html_content, status, ...fields } = input
  const place = { ...fields, account_id: caller.accountId }
  await requireSiteSector(tx, place)
  await requireCluster(tx, place, 'cluster_id', input.cluster_id)
  await requireAuthorProfile(tx, input.author_profile_id)
  const named = { ids: keyword_objects, list: keywords }
  const linked = await resolveKeywords(tx, place, named)
  const [created] = await tx
    .insert(tasks)
    .values({ ...place, keywords: linked?.text ?? '' })
    .returning()
  const task = created!
  if (linked) await linkKeywords(tx, caller.accountId, task.id, linked.ids)
  if (html_content !== undefined) await saveArticle(tx, task, html_content)
  if (status) {
    const has_article = html_content !== undefined
    const refusal = statusRefusal({ ...task, busy: false, has_article }, status)
    if (refusal) throw refusal
    await setStatus(tx, [task.id], status)
  }
  return task.id
}

/** Changes the fields that are sent, except site and sector. Refuses a status that only runs set. */
export async function updateTask(
  tx: Tx,
  caller: Caller,
  id: number,
  input: z.infer<typeof UpdateTask>,
): Promise<void> {
  const { keyword_objects, keywords, html_content, status, ...fields } = input
  const [task] = await lockTasks(tx, [id])
  if (!task) throw notFound()
  if (status) {
    const has_article = task.has_article || html_content !== undefined
    const refusal = statusRefusal({ ...task, has_article }, status)
    if (refusal) throw refusal
  }
  await requireCluster(tx, task, 'cluster_id', input.cluster_id)
  await requireAuthorProfile(tx, input.author_profile_id)
  const named = { ids: keyword_objects, list: keywords }
  const linked = await resolveKeywords(tx, task, named)
  const keywordsText = linked && { keywords: linked.text }
  await updateTaskFields(tx, id, { ...fields, ...keywordsText, updated_at: sql`now()` })
  if (status) await setStatus(tx, [id], status)
  if (linked) await linkKeywords(tx, caller.accountId, id, linked.ids)
  if (html_content !== undefined) await saveArticle(tx, task, html_content)
}

/** Locks the profile against deletion until the transaction ends. */
async function requireAuthorProfile(tx: Tx, id: number | null | undefined): Promise<void> {
  if (!id) return
  const [profile] = await tx
    .select({ id: author_profiles.id })
    .from(author_profiles)
    .where(eq(author_profiles.id, id))
    .for('key share')
  if (!profile) throw invalid('author_profile_id', 'must be an author profile of this account')
}
