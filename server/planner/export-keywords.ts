import { and, asc, eq, gt } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { clusters, keywords } from '../../db/schema/planner.ts'
import type { Deps } from '../deps.ts'
import { csvLine } from '../formats/csv-cells.ts'
import type { Caller } from '../http/caller.ts'
import { EXPORT_COLUMNS, IMPORT_COLUMNS } from './keyword-columns.ts'
import { type ExportQuery, keywordFilters } from './keywords.ts'

const BATCH = 2000
/** The byte order mark, by which spreadsheets recognise UTF-8. */
const BYTE_ORDER_MARK = '\uFEFF'

type Imported = (typeof IMPORT_COLUMNS)[number]
const imported = Object.fromEntries(IMPORT_COLUMNS.map((name) => [name, keywords[name]])) as {
  [name in Imported]: (typeof keywords)[name]
}

type Row = { id: number; cells: (string | number)[] }

/**
 * Streams the keywords that match the filter as CSV, in the order of their ids, with one batch in memory.
 * Each batch is a separate transaction, so that a slow reader keeps none open.
 */
export async function exportKeywords(
  deps: Deps,
  caller: Caller,
  query: z.infer<typeof ExportQuery>,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const encoder = new TextEncoder()
  const next = (after: number) =>
    deps.database.withAccount(caller.scope, (tx) => rowsAfter(tx, query, after), { readOnly: true })
  // Read before the response begins, so that an error can still set its status.
  let rows = await next(0)
  return new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(BYTE_ORDER_MARK + csvLine([...EXPORT_COLUMNS])))
    },
    async pull(controller) {
      if (rows.length > 0) {
        controller.enqueue(encoder.encode(rows.map(({ cells }) => csvLine(cells)).join('')))
      }
      const last = rows.length < BATCH ? undefined : rows.at(-1)
      if (!last) return controller.close()
      rows = await next(last.id)
    },
  })
}

async function rowsAfter(tx: Tx, query: z.infer<typeof ExportQuery>, after: number) {
  const rows = await tx
    .select({
      id: keywords.id,
      ...imported,
      status: keywords.status,
      cluster: clusters.name,
    })
    .from(keywords)
    .leftJoin(
      clusters,
      and(eq(clusters.account_id, keywords.account_id), eq(clusters.id, keywords.cluster_id)),
    )
    .where(and(gt(keywords.id, after), ...keywordFilters(query)))
    .orderBy(asc(keywords.id))
    .limit(BATCH)
  return rows.map(
    (row): Row => ({ id: row.id, cells: EXPORT_COLUMNS.map((name) => row[name] ?? '') }),
  )
}
