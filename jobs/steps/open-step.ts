import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { RunKind } from '../../db/schema/runs.ts'

/** True of a row that a step of this kind is at work on, or will be. */
export function hasOpenStep(kind: RunKind, of: { account_id: PgColumn; id: PgColumn }): SQL {
  return sql`exists (select from run_steps s where s.account_id = ${of.account_id}
    and s.kind = ${kind} and s.object_id = ${of.id} and s.state in ('waiting', 'pending', 'running'))`
}
