import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { OPEN_STATES, openStates, type RunKind, run_steps } from '../../db/schema/runs.ts'

/** Steps of a kind that are waiting, pending or running for any of these objects. */
export function openSteps(kind: RunKind, ...objectIds: number[]): SQL | undefined {
  return and(
    eq(run_steps.kind, kind),
    sql`${run_steps.object_id} = any(${sql.param(objectIds)}::bigint[])`,
    inArray(run_steps.state, OPEN_STATES),
  )
}

/** True of a row of another table for which a step of this kind is waiting, pending or running. */
export function hasOpenStep(kind: RunKind, of: { account_id: PgColumn; id: PgColumn }): SQL {
  return sql`exists (select from run_steps s where s.account_id = ${of.account_id}
    and s.kind = ${kind} and s.object_id = ${of.id} and s.state in ${openStates})`
}
