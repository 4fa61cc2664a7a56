import { sql } from 'drizzle-orm'
import type { Db, PgBoss } from 'pg-boss'
import type { Tx } from '../../db/database.ts'
import type { RunKind } from '../../db/schema/runs.ts'
import { PAYLOAD_VERSION, type Queue, type QueuedStep, type StepPayload } from './queue.ts'

/** The queue over pg-boss. `databaseOf` gives pg-boss the connection of a transaction. */
export function queueOver(pgBoss: PgBoss, databaseOf: (tx: Tx) => Db): Queue {
  return {
    async enqueue(tx, steps) {
      if (steps.length === 0) return
      const placeOf = await placesInLine(tx, steps)
      for (const [kind, ofKind] of Map.groupBy(steps, (step) => step.kind)) {
        const jobs = ofKind.map(({ account_id, id, afterSeconds = 0 }) => ({
          data: { version: PAYLOAD_VERSION, account_id, step_id: id } satisfies StepPayload,
          // At most one waiting job per step: enqueuing again does nothing.
          singletonKey: `${account_id}:${id}`,
          group: { id: String(account_id) },
          priority: -placeOf(account_id, kind),
          ...(afterSeconds > 0 && { startAfter: Math.ceil(afterSeconds) }),
        }))
        await pgBoss.insert(kind, jobs, { db: databaseOf(tx) })
      }
    },
  }
}

/**
 * Assigns priorities by start-time fair queueing: a new account starts at the front of the queue, each
 * further step of an account comes after its previous one, and ties are ordered by time. Accounts take
 * turns, the steps of an account keep their order, and none starves.
 */
async function placesInLine(tx: Tx, steps: QueuedStep[]) {
  const lineOf = (accountId: number, kind: RunKind) => `${accountId} ${kind}`
  const asked = new Map(
    steps.map(({ account_id, kind }) => [lineOf(account_id, kind), { account_id, kind }]),
  )
  const rows = await tx.execute<{ account_id: string; kind: RunKind; place: number }>(sql`
    with asked as materialized (
      select * from jsonb_to_recordset(${JSON.stringify([...asked.values()])}::jsonb)
        as asked (account_id bigint, kind text)
    ), lines as materialized (
      select name as kind, group_id, max(-priority) as last,
        min(-priority) filter (where start_after <= now()) as first
      from pgboss.job where state = 'created' and name in (select kind from asked)
      group by name, group_id
    ), fronts as (
      -- When all jobs wait for a later time, new ones start behind them.
      select kind, coalesce(min(first), max(last)) as front from lines group by kind
    )
    select asked.account_id, asked.kind, greatest(coalesce(front, 0), own.last + 1)::int as place
    from asked left join fronts using (kind)
      left join lines own on own.kind = asked.kind and own.group_id = asked.account_id::text`)
  const places = new Map(
    rows.map(({ account_id, kind, place }) => [lineOf(Number(account_id), kind), place]),
  )
  return (accountId: number, kind: RunKind): number => {
    const line = lineOf(accountId, kind)
    const place = places.get(line) ?? 0
    places.set(line, place + 1)
    return place
  }
}
