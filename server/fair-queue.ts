import { sql } from 'drizzle-orm'
import type { Db, PgBoss } from 'pg-boss'
import type { RunKind } from '../db/schema/runs.ts'
import type { Tx } from '../db/tenancy.ts'
import type { Queue, QueuedStep } from './queue.ts'

/** How far back in line a job goes for each step of its account that waits already. */
const TURN_MINUTES = 60
/** Steps of one account beyond so many are not told apart. */
const COUNTED = 10_000

/** The queue over pg-boss. `databaseOf` gives pg-boss the connection of a transaction. */
export function queueOver(pgBoss: PgBoss, databaseOf: (tx: Tx) => Db): Queue {
  return {
    async enqueue(tx, steps) {
      if (steps.length === 0) return
      const aheadOf = await waitingAhead(tx, steps)
      const now = Date.now() / 60_000
      for (const [kind, ofKind] of Map.groupBy(steps, (step) => step.kind)) {
        const jobs = ofKind.map(({ account_id, id, afterSeconds = 0 }) => ({
          data: { account_id, step_id: id },
          // One waiting job a step: to enqueue a step that has one does nothing.
          singletonKey: `${account_id}:${id}`,
          group: { id: String(account_id) },
          priority: -Math.round(now + afterSeconds / 60 + TURN_MINUTES * aheadOf(account_id, kind)),
          ...(afterSeconds > 0 && { startAfter: Math.ceil(afterSeconds) }),
        }))
        await pgBoss.insert(kind, jobs, { db: databaseOf(tx) })
      }
    },
  }
}

/**
 * Tells how many steps of the same account and kind wait before a step, and counts that one as well.
 * Jobs sorted by it have the accounts take turns; time counts beside it, so that no job is overtaken
 * for ever.
 */
async function waitingAhead(tx: Tx, steps: QueuedStep[]) {
  const lineOf = (accountId: number, kind: RunKind) => `${accountId} ${kind}`
  const lines = Map.groupBy(steps, ({ account_id, kind }) => lineOf(account_id, kind))
  const asked = [...lines.values()].map((line) => {
    const { account_id, kind } = line[0]!
    return { account_id, kind, length: line.length }
  })
  const rows = await tx.execute<{ account_id: string; kind: RunKind; ahead: number }>(sql`
    select asked.account_id, asked.kind, greatest(waiting.n - asked.length, 0)::int as ahead
    from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
        as asked (account_id bigint, kind text, length int),
      lateral (select count(*) as n from (
        select from run_steps s
        where s.account_id = asked.account_id and s.kind = asked.kind and s.state = 'pending'
          and s.held is null and coalesce(greatest(s.not_before, s.retry_at), now()) <= now()
        limit ${COUNTED} + asked.length) as counted) as waiting`)
  const counts = new Map(
    rows.map(({ account_id, kind, ahead }) => [lineOf(Number(account_id), kind), ahead]),
  )
  return (accountId: number, kind: RunKind): number => {
    const line = lineOf(accountId, kind)
    const ahead = counts.get(line) ?? 0
    counts.set(line, ahead + 1)
    return ahead
  }
}
