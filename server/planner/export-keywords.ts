import { and, asc, eq, gt } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { clusters, keywords } from '../../db/schema/planner.ts'
import type { Deps } from '../deps.ts'
import { csvLine } from '../formats/csv-cells.ts'
import type { Caller } from '../http/caller.ts'
import { type ExportQuery, keywordFilters } from './keywords.ts'

const BATCH = 2000
/** The byte order mark, by which spreadsheets recognise UTF-8. */
const BYTE_ORDER_MARK = '\uFEFF'
const HEADER = ['keyword', 'volume', 'difficulty', 'intent', 'status', 'cluster']

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
      controller.enqueue(encoder.encode(BYTE_ORDER_MARK + csvLine(HEADER)))
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
      keyword: keywords.keyword,
      volume: keywords.volume,
      difficulty: keywords.difficulty,
      intent: keywords.intent,
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
    ({ id, keyword, volume, difficulty, intent, status, cluster }): Row => ({
      id,
      cells: [keyword, volume, difficulty, intent, status, cluster ?? ''],
    }),
  )
}
