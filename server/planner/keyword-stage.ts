import { sql } from 'drizzle-orm'
import { keywords } from '../../db/schema/planner.ts'
import type { Tx } from '../../db/tenancy.ts'
import type { KeywordRow } from './keyword-rows.ts'
import type { Place } from './place.ts'

/** COPY refuses tables with row-level security: rows are copied into a table of this transaction. */
export async function openStage(tx: Tx): Promise<void> {
  await tx.$sql.unsafe(`create temp table staged_keywords
    (line integer, keyword text, volume integer, difficulty integer, intent text) on commit drop`)
}

/** Puts rows into the open stage. */
export async function stageRows(tx: Tx, rows: KeywordRow[]): Promise<void> {
  const text = rows.map(copyLine).join('')
  const copy = await tx.$sql.unsafe('copy staged_keywords from stdin').writable()
  const closed = new Promise<void>((resolve) => copy.on('close', resolve))
  await new Promise<void>((resolve, reject) => {
    copy.on('error', reject)
    copy.write(text, (error) => (error ? reject(error) : resolve()))
  })
  copy.end()
  // The driver never ends the stream of a COPY that failed: the next statement tells. And it sends a
  // stray CopyFail as it closes the stream, which must not meet the next COPY.
  await tx.$sql.unsafe('select 1')
  await closed
}

/** A line of COPY's text format. Keywords are of one line, so that only backslashes are escaped. */
function copyLine({ line, keyword, volume, difficulty, intent }: KeywordRow): string {
  const escaped = keyword.replaceAll('\\', '\\\\')
  return `${[line, escaped, volume, difficulty, intent].map((cell) => cell ?? '\\N').join('\t')}\n`
}

/** Puts the last row of each keyword into the sector: new ones first, then what was there. */
export async function mergeStage(tx: Tx, accountId: number, { site_id, sector_id }: Place) {
  // Two imports into one sector take turns, so that they cannot wait for each other's rows.
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended('import_keywords', ${sector_id}))`,
  )
  await tx.$sql.unsafe(`create temp table latest_keywords on commit drop as
    select distinct on (lower(keyword)) lower(keyword) as folded, * from staged_keywords
    order by lower(keyword), line desc`)
  await tx.$sql.unsafe('analyze latest_keywords')
  const imported = await tx.execute(sql`
    with inserted as (
      insert into ${keywords} (account_id, site_id, sector_id, keyword, volume, difficulty, intent)
      select ${accountId}::bigint, ${site_id}::bigint, ${sector_id}::bigint, keyword,
        coalesce(volume, 0), coalesce(difficulty, 0), coalesce(intent, 'informational')
      from latest_keywords order by folded
      on conflict (account_id, site_id, sector_id, folded) do nothing
      returning folded)
    delete from latest_keywords using inserted where latest_keywords.folded = inserted.folded`)
  const updated = await tx.execute(sql`
    update ${keywords} as k set volume = coalesce(l.volume, k.volume),
      difficulty = coalesce(l.difficulty, k.difficulty), intent = coalesce(l.intent, k.intent),
      updated_at = now()
    from latest_keywords l
    where k.account_id = ${accountId} and k.site_id = ${site_id} and k.sector_id = ${sector_id}
      and k.folded = l.folded`)
  return { imported: imported.count, updated: updated.count }
}
