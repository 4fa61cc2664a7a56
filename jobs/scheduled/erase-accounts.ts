import { type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { openStates } from '../../db/schema/runs.ts'
import type { WorkerDeps } from '../steps/step.ts'
import { eachDueAccount } from './each-due-account.ts'

/** Ordered so that no remaining row refers to a deleted one. */
export const ERASED = [
  'idempotency_keys',
  'staged_keywords',
  'wordpress_deliveries',
  'bridge_events',
  'wordpress_objects',
  'wordpress_connections',
  'internal_links',
  'task_keywords',
  'idea_keywords',
  'content',
  'images',
  'tasks',
  'content_ideas',
  'keywords',
  'clusters',
  'strategies',
  'site_user_access',
  'sectors',
  'sites',
  'ai_prompts',
  'author_profiles',
  'integration_settings',
  'api_keys',
  'invitations',
  'refresh_tokens',
  'account_totals',
  'usage_counters',
] as const
/** Rows that stay, without personal data and texts: ledger, usage log, audit log, and the runs they refer to. */
export const KEPT = [
  'accounts',
  'audit_log',
  'credit_transactions',
  'usage_logs',
  'runs',
  'run_steps',
]

/** Rows per transaction. */
const BATCH = 1_000

/**
 * Erases the accounts whose grace period is over, in transactions of bounded size; users and the name go
 * last. After a crash, the next run continues with what is left. A failing account does not stop the
 * others. Image files are left to the media purge, because other accounts may share them.
 */
export async function eraseAccounts(deps: WorkerDeps): Promise<void> {
  const isDue = sql`delete_after <= now() and status = 'cancelled'`
  const round = { reason: 'erase_accounts', isDue, failed: 'account not erased' } as const
  await eachDueAccount(deps, round, (id) => erase(deps, id))
}

async function erase(deps: WorkerDeps, id: number): Promise<void> {
  const steps: ((tx: Tx) => Promise<number>)[] = [
    // Before the sites: deleting a site clears the reference in all of its runs in one statement.
    (tx) => forgetRuns(tx, id),
    ...ERASED.map((table) => (tx: Tx) => deleteSome(tx, table, id)),
    (tx) => forgetSteps(tx, id),
    (tx) => forgetTexts(tx, id),
    (tx) => forgetNames(tx, id),
  ]
  for (const step of steps) {
    for (let done: number | undefined = BATCH; done >= BATCH; ) {
      done = await whileDue(deps, id, step)
      if (done === undefined) return
    }
  }
  deps.logger.info({ account_id: id }, 'account erased')
}

/** Returns undefined, and does nothing, if the account is not due. */
function whileDue<T>(deps: WorkerDeps, id: number, work: (tx: Tx) => Promise<T>) {
  return deps.database.withPlatform('erase_accounts', async (tx) =>
    (await isDue(tx, id)) ? work(tx) : undefined,
  )
}

/** Locks the account. False if it was restored or erased, another worker has it, or a step is open. */
async function isDue(tx: Tx, id: number): Promise<boolean> {
  const [account] = await tx.execute(sql`select id from accounts
    where id = ${id} and status = 'cancelled' and delete_after <= now() for update skip locked`)
  if (!account) return false
  const [busy] = await tx.execute(sql`select 1 from run_steps
    where account_id = ${id} and state in ${openStates} limit 1`)
  return busy === undefined
}

const deleteSome = (tx: Tx, table: string, id: number) =>
  some(
    tx,
    sql`delete from ${sql.identifier(table)} where ctid = any(array(
    select ctid from ${sql.identifier(table)} where account_id = ${id} limit ${BATCH}))`,
  )

const forgetRuns = (tx: Tx, id: number) =>
  some(
    tx,
    sql`update runs set site_id = null, params = '{}', secret = null, message = '', result = null,
      error = null, request_steps = '[]', response_steps = '[]'
    where account_id = ${id} and id in (select id from runs where account_id = ${id}
      and (site_id is not null or params <> '{}' or message <> '' or result is not null
        or error is not null or secret is not null or request_steps <> '[]' or response_steps <> '[]')
      limit ${BATCH})`,
  )

const forgetSteps = (tx: Tx, id: number) =>
  some(
    tx,
    sql`update run_steps set params = '{}', checkpoint = null, result = null, error = null
    where account_id = ${id} and id in (select id from run_steps where account_id = ${id}
      and (params <> '{}' or checkpoint is not null or result is not null or error is not null)
      limit ${BATCH})`,
  )

async function some(tx: Tx, statement: SQL): Promise<number> {
  return (await tx.execute(statement)).count
}

/** Append-only tables: the database allows removing their texts for an account that is due. */
async function forgetTexts(tx: Tx, id: number): Promise<number> {
  const [row] = await tx.execute<{ n: number }>(
    sql`select igny8_forget_texts(${id}, ${BATCH}) as n`,
  )
  return Number(row!.n)
}

/** Deletes the users, so that their email addresses can be used again, and the account's name. */
async function forgetNames(tx: Tx, id: number): Promise<number> {
  // Contains a slash, so it cannot collide with another slug.
  await tx.execute(sql`update accounts set name = 'erased', slug = 'erased/' || id, owner_id = null,
    stripe_customer_id = null, delete_after = null, erased_at = now(), updated_at = now()
    where id = ${id}`)
  await tx.execute(sql`delete from users where account_id = ${id}`)
  return 0
}
