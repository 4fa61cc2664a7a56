import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { accounts, plans } from '../../db/schema/accounts.ts'
import { keywords, staged_keywords } from '../../db/schema/planner.ts'
import type { SiteSector } from '../sites/site-sector.ts'
import { IMPORT_COLUMNS, type KeywordRow, perValue, VALUE_COLUMNS } from './keyword-columns.ts'

const values = perValue((name) => name)

/** An upload whose rows are staged. */
export type Staging = { accountId: number; uploadId: string }

/** How many keywords the account's plan allows. */
export async function keywordLimit(tx: Tx, accountId: number): Promise<number> {
  const [plan] = await tx
    .select({ limit: plans.max_keywords })
    .from(accounts)
    .innerJoin(plans, eq(plans.id, accounts.plan_id))
    .where(eq(accounts.id, accountId))
  return plan!.limit
}

/** Stages rows, the last one of each keyword. Resolves to how many keywords were not staged before. */
export async function stageRows(
  tx: Tx,
  { accountId, uploadId }: Staging,
  rows: KeywordRow[],
): Promise<number> {
  // One parameter: COPY refuses a table with row-level security.
  const [staged] = await tx.execute<{ added: number }>(sql`
    with written as (
      insert into ${staged_keywords}
        (account_id, upload_id, folded, line, keyword, ${values})
      select distinct on (lower(keyword)) ${accountId}::bigint, ${uploadId}::uuid, lower(keyword),
        line, keyword, ${values}
      from json_to_recordset(${JSON.stringify(rows)}::json)
        as r (line int, keyword text, ${perValue((name) => `${name} ${VALUE_COLUMNS[name].type}`)})
      order by lower(keyword), line desc
      on conflict (account_id, upload_id, folded) do update set line = excluded.line,
        keyword = excluded.keyword, ${perValue((name) => `${name} = excluded.${name}`)}
      returning (xmax = 0) as is_new)
    select count(*) filter (where is_new)::int as added from written`)
  return staged!.added
}

export async function dropStage(tx: Tx, { accountId, uploadId }: Staging): Promise<void> {
  const of = and(eq(staged_keywords.account_id, accountId), eq(staged_keywords.upload_id, uploadId))
  await tx.delete(staged_keywords).where(of)
}

/** Puts what is staged into the sector: new keywords first, then what was there. */
export async function mergeStage(tx: Tx, staging: Staging, { site_id, sector_id }: SiteSector) {
  const { accountId, uploadId } = staging
  // Two imports into one sector take turns, so that they cannot wait for each other's rows.
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended('import_keywords', ${sector_id}))`,
  )
  await tx.$sql.unsafe(`create temp table latest_keywords on commit drop as
    select folded, ${IMPORT_COLUMNS.join(', ')} from staged_keywords
    where account_id = ${accountId} and upload_id = '${uploadId}'`)
  await tx.$sql.unsafe('analyze latest_keywords')
  const imported = await tx.execute(sql`
    with inserted as (
      insert into ${keywords} (account_id, site_id, sector_id, keyword, ${values})
      select ${accountId}::bigint, ${site_id}::bigint, ${sector_id}::bigint, keyword,
        ${perValue((name) => `coalesce(${name}, '${VALUE_COLUMNS[name].initial}')`)}
      from latest_keywords order by folded
      on conflict (account_id, site_id, sector_id, folded) do nothing
      returning folded)
    delete from latest_keywords using inserted where latest_keywords.folded = inserted.folded`)
  const updated = await tx.execute(sql`
    update ${keywords} as k set ${perValue((name) => `${name} = coalesce(l.${name}, k.${name})`)},
      updated_at = now()
    from latest_keywords l
    where k.account_id = ${accountId} and k.site_id = ${site_id} and k.sector_id = ${sector_id}
      and k.folded = l.folded`)
  await dropStage(tx, staging)
  return { imported: imported.count, updated: updated.count }
}
