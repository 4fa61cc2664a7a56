import { getTableColumns } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { audit_log } from '../../db/schema/accounts.ts'
import { equalTo, listPage, listQuery, period, within } from '../http/lists.ts'
import { bytesOf } from '../http/response-size.ts'
import { queryId, queryText } from '../http/schemas.ts'

const AUDIT_ORDERINGS = { created_at: audit_log.created_at }
export const AuditQuery = listQuery(AUDIT_ORDERINGS, {
  user_id: queryId.optional(),
  api_key_id: queryId.optional(),
  action: queryText.optional(),
  object_type: queryText.optional(),
  object_id: queryId.optional(),
  ...period,
}).omit({ search: true })

/** Lists the audit log: entries from `created_after` (inclusive) to `created_before` (exclusive). */
export function listAuditLog(tx: Tx, url: string, query: z.infer<typeof AuditQuery>) {
  const { user_id, api_key_id, action, object_type, object_id } = query
  return listPage(tx, {
    url,
    query,
    orderings: AUDIT_ORDERINGS,
    defaultOrdering: '-created_at',
    from: audit_log,
    bytes: bytesOf(getTableColumns(audit_log)),
    rows: tx.select().from(audit_log).$dynamic(),
    where: [
      ...equalTo(audit_log, { user_id, api_key_id, action, object_type, object_id }),
      ...within(audit_log.created_at, query),
    ],
  })
}
