import { sql } from 'drizzle-orm'
import type { Tx } from '../../db/tenancy.ts'
import type { WorkerDeps } from '../step.ts'

/** In the order in which nothing refers to what goes; what hangs on a site or a user goes with it. */
export const ERASED = [
  'wordpress_connections',
  'strategies',
  'sites',
  'ai_prompts',
  'author_profiles',
  'integration_settings',
  'api_keys',
  'invitations',
  'idempotency_keys',
  'staged_keywords',
  'account_totals',
  'usage_counters',
] as const
/** What happened to money and who did what: kept, with nothing in it that names a person or a text. */
export const KEPT = [
  'accounts',
  'audit_log',
  'credit_transactions',
  'usage_logs',
  'runs',
  'run_steps',
]

const BATCH = 10

/**
 * Erases the accounts whose grace period is over. Files go first: whoever is killed in between, or
 * finds another at it, does the same again. One that fails keeps none of the others waiting.
 */
export async function eraseAccounts(deps: WorkerDeps): Promise<number> {
  const due = await deps.doors.withPlatform('erase_accounts', (tx) =>
    tx.execute<{ id: string }>(sql`select id from accounts
      where delete_after <= now() and status = 'cancelled' order by delete_after limit ${BATCH}`),
  )
  for (const { id } of due) {
    await erase(deps, Number(id)).catch((error: unknown) => {
      deps.logger.error({ err: error, account_id: id }, 'account not erased')
    })
  }
  return due.length
}

async function erase(deps: WorkerDeps, id: number): Promise<void> {
  const paths = await deps.doors.withPlatform('erase_accounts', (tx) => ownFiles(tx, id))
  for (const path of paths) await deps.media.remove(path)
  await deps.doors.withPlatform('erase_accounts', async (tx) => {
    const [account] = await tx.execute(sql`select id from accounts
      where id = ${id} and status = 'cancelled' and delete_after <= now() for update`)
    // Restored meanwhile, or erased by another worker.
    if (!account || (await isWorkedOn(tx, id))) return
    for (const table of ERASED) {
      await tx.execute(sql`delete from ${sql.identifier(table)} where account_id = ${id}`)
    }
    await forget(tx, id)
    deps.logger.info({ account_id: id }, 'account erased')
  })
}

/** Images of this account that no other has: the same content is kept once. */
async function ownFiles(tx: Tx, id: number): Promise<string[]> {
  const rows = await tx.execute<{ path: string }>(sql`
    select distinct mine.image_path as path from images mine where mine.account_id = ${id}
      and not exists (select from images other
        where other.image_path = mine.image_path and other.account_id <> ${id})`)
  return [...rows].map(({ path }) => path)
}

async function isWorkedOn(tx: Tx, id: number): Promise<boolean> {
  const [busy] = await tx.execute(sql`select 1 from run_steps
    where account_id = ${id} and state in ('waiting', 'pending', 'running') limit 1`)
  return busy !== undefined
}

/** The users, whose addresses are free again, and all text in what is kept. */
async function forget(tx: Tx, id: number): Promise<void> {
  // Of a form that no other slug has, so that nobody can be in the way.
  await tx.execute(sql`update accounts set name = 'erased', slug = 'erased/' || id, owner_id = null,
    stripe_customer_id = null, delete_after = null, erased_at = now(), updated_at = now()
    where id = ${id}`)
  await tx.execute(sql`delete from users where account_id = ${id}`)
  await tx.execute(sql`update runs set params = '{}', secret = null, message = '', result = null,
    error = null, request_steps = '[]', response_steps = '[]' where account_id = ${id}`)
  await tx.execute(sql`update run_steps set params = '{}', made = null, result = null, error = null
    where account_id = ${id}`)
}
