import { type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { openStates } from '../../db/schema/runs.ts'
import { DomainError } from '../errors.ts'

/** Throws `already_running` while a run works on the site or sector, or on an object in it. */
export async function requireNoOpenRuns(
  tx: Tx,
  place: { siteId: number } | { sectorId: number },
): Promise<void> {
  const inside =
    'siteId' in place ? sql`site_id = ${place.siteId}` : sql`sector_id = ${place.sectorId}`
  const self = 'siteId' in place ? sql`site_id = ${place.siteId}` : sql`id = ${place.sectorId}`
  const [busy] = await tx.execute(sql`
    select 1 from run_steps where state in ${openStates} and (
      ${worksOn(['generate_content', 'generate_images', 'publish', 'unpublish'], sql`tasks where ${inside}`)}
      or ${worksOn(['generate_ideas'], sql`clusters where ${inside}`)}
      or ${worksOn(['cluster_keywords'], sql`sectors where ${self}`)}
      ${'siteId' in place ? sql`or (kind in ('link_wordpress', 'unlink_wordpress') and object_id = ${place.siteId})` : sql``})
    limit 1`)
  if (!busy) return
  throw new DomainError(
    'already_running',
    'Runs that use this are still in progress. Wait for them or cancel them first.',
  )
}

function worksOn(kinds: string[], objects: SQL): SQL {
  return sql`(kind = any(${sql.param(kinds)}::text[]) and object_id in (select id from ${objects}))`
}
