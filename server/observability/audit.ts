import type { Tx } from '../../db/database.ts'
import { audit_log } from '../../db/schema/accounts.ts'
import type { RunKind } from '../../db/schema/runs.ts'

/**
 * Who acts. `api_key`: the database writes the id of the key. `plugin`: the bridge plugin, for a user of
 * its WordPress. `system`: the service itself.
 */
export type Actor = { accountId: number; requestId?: string } & (
  | { actor: 'user'; userId: number }
  | { actor: 'api_key' | 'plugin' | 'system'; userId: null }
)

/** The service itself, outside a request. */
export const systemActor = (accountId: number): Actor => ({
  actor: 'system',
  accountId,
  userId: null,
})

/** The names of what routes create, change and delete. */
export type ObjectName =
  | 'account'
  | 'API key'
  | 'article'
  | 'author profile'
  | 'cluster'
  | 'idea'
  | 'image'
  | 'industry'
  | 'invitation'
  | 'keyword'
  | 'plan'
  | 'prompt'
  | 'sector'
  | 'site'
  | 'strategy'
  | 'task'
  | 'user'
type Snake<Name extends string> = Name extends `${infer First} ${infer Rest}`
  ? `${First}_${Snake<Rest>}`
  : Name
/** As `ObjectName`, in the form of the audit log: `author_profile`. */
export type ObjectType = Snake<Lowercase<ObjectName>>

export type AuditAction =
  | `${ObjectType}.${'created' | 'updated' | 'deleted'}`
  | `account.${'cancelled' | 'exported' | 'registered' | 'restored'}`
  | `keywords.${'deleted' | 'imported' | 'updated'}`
  | `platform.${'accounts_listed' | 'request'}`
  | `run.${RunKind | 'cancelled'}`
  | `site.${'access_granted' | 'access_revoked' | 'connect_begun' | 'paused' | 'resumed'}`
  | `site.${'webhooks_disabled' | 'webhooks_enabled'}`
  | `staff.${'appointed' | 'dismissed'}`
  | `user.${'password_changed' | 'password_link_made' | 'password_reset'}`
  | `wordpress.post.${'deleted' | 'edited' | 'permalink_changed' | 'status_changed' | 'trashed'}`
  | 'credits.granted'
  | 'delivery.replayed'
  | 'gsc.connection_begun'
  | 'ideas.queued'
  | 'integration.saved'
  | 'internal_links.dismissed'
  | 'invitation.accepted'
  | 'prompt.reset'
  | 'task.approved'

export type Audited = {
  object?: { type: ObjectType | 'delivery' | 'integration' | 'run'; id: number }
  /** Without secrets. */
  detail?: Record<string, unknown>
}

/** Writes an audit entry, as the last step of a write and in its transaction. */
export function audit(
  tx: Tx,
  by: Actor,
  action: AuditAction,
  audited: Audited = {},
): Promise<void> {
  return auditAll(tx, by, action, [audited])
}

/** The same, with an entry for each. */
export async function auditAll(
  tx: Tx,
  { accountId, userId, requestId }: Actor,
  action: AuditAction,
  all: Audited[],
): Promise<void> {
  if (all.length === 0) return
  await tx.insert(audit_log).values(
    all.map(({ object, detail }) => ({
      account_id: accountId,
      user_id: userId,
      action,
      object_type: object?.type ?? null,
      object_id: object?.id ?? null,
      detail: detail ?? {},
      request_id: requestId ?? null,
    })),
  )
}
