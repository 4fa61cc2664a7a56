import { sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import type { tasks } from '../../../db/schema/writer.ts'
import { nextUrl, wantedUrl } from '../../../server/publishing/internal-links.ts'
import type { Link } from '../../../wp-bridge/client/blocks/insert-links.ts'

const MAX_LINKS = 200

/**
 * The links of a page that is about to be published, to live pages of its cluster: the hub or
 * pillar page links to every other page, and each of them links to it. Pages that are not live yet
 * are left out. A live page keeps its links until somebody accepts a change: see
 * `internal-links.ts`. Links use the public titles of pages, because a newer title may not be
 * approved.
 */
export async function linksOf(tx: Tx, task: typeof tasks.$inferSelect): Promise<Link[]> {
  if (task.cluster_id === null) return []
  await tx.execute(sql`
    insert into internal_links (account_id, site_id, sector_id, from_task_id, to_task_id)
    select a.account_id, a.site_id, a.sector_id, a.id, b.id
    from tasks a join tasks b on b.account_id = a.account_id and b.cluster_id = a.cluster_id
      and b.site_id = a.site_id and b.id <> a.id
    where a.cluster_id = ${task.cluster_id} and ${task.id} in (a.id, b.id)
      and ('cluster_hub' in (a.content_structure, b.content_structure)
        or 'pillar_page' in (a.content_structure, b.content_structure))
    on conflict do nothing`)
  if (task.wp_status !== 'publish') {
    await tx.execute(sql`update internal_links
      set accepted_url = coalesce(${wantedUrl}, ''), updated_at = now()
      where from_task_id = ${task.id} and ${nextUrl} is distinct from ${wantedUrl}
        and dismissed_url is distinct from coalesce(${wantedUrl}, '')`)
  }
  const rows = await tx.execute<{ url: string; title: string; keywords: string[] }>(sql`
    select ${nextUrl} as url, t.public_title as title, coalesce((select array_agg(k.keyword order by k.id)
        from task_keywords tk join keywords k on k.account_id = tk.account_id and k.id = tk.keyword_id
        where tk.account_id = t.account_id and tk.task_id = t.id), '{}') as keywords
    from internal_links join tasks t on t.account_id = internal_links.account_id
      and t.id = internal_links.to_task_id
    where from_task_id = ${task.id} and ${nextUrl} is not null
    order by internal_links.id limit ${MAX_LINKS}`)
  return [...rows].map(({ url, title, keywords }) => ({
    url: onTheSite(url),
    title,
    anchors: [...keywords, title],
  }))
}

/** Records that the page was published with the accepted links. */
export async function recordLinks(tx: Tx, taskId: number): Promise<void> {
  await tx.execute(sql`update internal_links
    set url = ${nextUrl}, accepted_url = null, updated_at = now()
    where from_task_id = ${taskId} and accepted_url is not null`)
}

/** Makes the address relative to the site, so that search engines follow the link. */
function onTheSite(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}
