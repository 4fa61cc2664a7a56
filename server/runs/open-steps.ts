import { and, eq, inArray, type SQL, sql } from 'drizzle-orm'
import { type RunKind, run_steps } from '../../db/schema/runs.ts'

/** Steps of a kind that are waiting, pending or running for any of these objects. */
export function openSteps(kind: RunKind, ...objectIds: number[]): SQL | undefined {
  return and(
    eq(run_steps.kind, kind),
    sql`${run_steps.object_id} = any(${sql.param(objectIds)}::bigint[])`,
    inArray(run_steps.state, ['waiting', 'pending', 'running']),
  )
}
