import { sql } from 'drizzle-orm'
import type { z } from 'zod'
import { keywords } from '../../db/schema/planner.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import type { BulkStatus } from './schemas.ts'

type BulkResult = { id: number; ok: boolean; code?: string }

/** Deletes keywords that the caller can see. Returns the result of each id. */
export function deleteKeywords(deps: Deps, caller: Caller, ids: number[]) {
  return deps.database.withAccount(caller.scope, async (tx) => {
    // Locks the tasks in the order that publishing uses; the keyword triggers would lock them in another.
    await tx.execute(sql`select from tasks where id in
      (select task_id from task_keywords where keyword_id = any(${sql.param(ids)}::bigint[]))
      order by id for no key update`)
    const rows = await tx.delete(keywords).where(named(ids)).returning({ id: keywords.id })
    await audit(tx, caller, 'keywords.deleted', { detail: { count: rows.length } })
    return { deleted: rows.length, results: resultsOf(ids, rows) }
  })
}

/** Sets the status of keywords that the caller can see. Returns the result of each id. */
export function updateKeywordsStatus(
  deps: Deps,
  caller: Caller,
  { ids, status }: z.infer<typeof BulkStatus>,
) {
  return deps.database.withAccount(caller.scope, async (tx) => {
    const rows = await tx
      .update(keywords)
      .set({ status, updated_at: sql`now()` })
      .where(named(ids))
      .returning({ id: keywords.id })
    await audit(tx, caller, 'keywords.updated', { detail: { count: rows.length, status } })
    return { updated: rows.length, results: resultsOf(ids, rows) }
  })
}

function named(ids: number[]) {
  return sql`${keywords.id} = any(${sql.param(ids)}::bigint[])`
}

function resultsOf(ids: number[], rows: { id: number }[]): BulkResult[] {
  const done = new Set(rows.map(({ id }) => id))
  return [...new Set(ids)].map((id) =>
    done.has(id) ? { id, ok: true } : { id, ok: false, code: 'not_found' },
  )
}
