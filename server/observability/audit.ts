import type { Tx } from '../../db/database.ts'
import { audit_log } from '../../db/schema/accounts.ts'

export type AuditEntry = {
  accountId: number
  userId: number | null
  requestId?: string
  /** Such as `site.created`. */
  action: string
  object?: { type: string; id: number }
  /** Without secrets. */
  detail?: Record<string, unknown>
}

/** Writes audit entries, as the last step of a write and in its transaction. */
export async function audit(tx: Tx, ...entries: AuditEntry[]): Promise<void> {
  if (entries.length === 0) return
  await tx.insert(audit_log).values(
    entries.map((entry) => ({
      account_id: entry.accountId,
      user_id: entry.userId,
      action: entry.action,
      object_type: entry.object?.type ?? null,
      object_id: entry.object?.id ?? null,
      detail: entry.detail ?? {},
      request_id: entry.requestId ?? null,
    })),
  )
}
