import { type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'

/** The comma-separated columns that duplicate the links to keywords. */
const LISTS = [
  { table: sql`tasks`, list: sql`keywords`, links: sql`task_keywords`, id: sql`task_id` },
  {
    table: sql`content_ideas`,
    list: sql`target_keywords`,
    links: sql`idea_keywords`,
    id: sql`idea_id`,
  },
]

/** Writes a keyword's new name into the lists of the tasks and ideas that are linked to it. */
export async function renameInLists(
  tx: Tx,
  { id, keyword }: { id: number; keyword: string },
  name: string,
): Promise<void> {
  for (const of of LISTS) {
    await tx.execute(sql`
      with linked as (
        select id from ${of.table}
        where id in (select ${of.id} from ${of.links} where keyword_id = ${id})
        order by id for no key update)
      update ${of.table} as t set ${of.list} = ${renamed(of.list, keyword, name)}, updated_at = now()
      from linked where t.id = linked.id and t.${of.list} <> ''`)
  }
}

function renamed(list: SQL, from: string, to: string): SQL {
  return sql`(select string_agg(
      case when lower(trim(name)) = lower(${from}) then ${to} else trim(name) end, ', ' order by position)
    from unnest(string_to_array(t.${list}, ',')) with ordinality as named (name, position))`
}
