import { z } from 'zod'
import type { Tx } from '../../../db/database.ts'
import { DomainError } from '../../../server/errors.ts'
import { searchQueries } from '../../../server/google/search-console.ts'
import { storable } from '../../../server/http/schemas.ts'
import type { KeywordRow } from '../../../server/planner/keyword-columns.ts'
import { mergeStage, stageRows } from '../../../server/planner/keyword-stage.ts'
import { MAX_KEYWORD_LENGTH } from '../../../server/planner/schemas.ts'
import { requireSiteSector, type SiteSector } from '../../../server/sites/site-sector.ts'
import { oneLine } from '../../../server/tasks/list-text.ts'
import { StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { askService } from '../ask-service.ts'
import { openGrant } from '../integrations/open-grant.ts'

const Params = z.object({
  site_id: z.int(),
  property: z.string(),
  start_date: z.string(),
  end_date: z.string(),
})
type Span = z.infer<typeof Params>
type Read = { rows: KeywordRow[]; queries: number }

const MAX_VOLUME = 2_147_483_647

/** Imports the search queries of a property as keywords, with their impressions as volume. */
export const importGsc: StepHandler = async (job) => {
  const span = Params.parse(job.step.params)
  const { rows, queries } = await askService(() => readQueries(job, span))
  const place = { site_id: span.site_id, sector_id: job.step.object_id }
  // Filled in by `write`, which the worker runs before it stores the result.
  const result: Record<string, unknown> = { ...span, queries }
  return {
    message: `Imported ${rows.length.toLocaleString('en')} queries of ${span.property}`,
    result,
    async write(tx) {
      const merged = await store(tx, job.scope.accountId, place, rows)
      const skipped = queries - merged.imported - merged.updated
      Object.assign(result, merged, { skipped })
    },
  }
}

/** Domain errors, such as a deleted sector, fail the step: a retry would not help. */
async function store(tx: Tx, accountId: number, place: SiteSector, rows: KeywordRow[]) {
  try {
    await requireSiteSector(tx, place)
    const staging = { accountId, uploadId: crypto.randomUUID() }
    await stageRows(tx, staging, rows)
    return await mergeStage(tx, staging, place)
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    throw new StepError(error.code, error.message, { cause: error })
  }
}

async function readQueries(job: StepJob, span: Span): Promise<Read> {
  const { google, token } = await openGrant(job)
  const { property, start_date: startDate, end_date: endDate } = span
  const volumes = new Map<string, number>()
  let queries = 0
  await job.requested('searchAnalytics', `Asked Google for the queries of ${property}`)
  for await (const page of searchQueries(google, token, { property, startDate, endDate })) {
    queries += page.length
    for (const { query, impressions } of page) addTo(volumes, query, impressions)
    const message = `Read ${queries.toLocaleString('en')} queries of ${property}`
    await job.progress({ phase: 'import_gsc', message })
  }
  await job.responded('searchAnalytics', `${queries.toLocaleString('en')} queries`)
  return { rows: [...volumes].map(keywordRow), queries }
}

/** Merges queries that differ only in case, and adds up their impressions. */
function addTo(volumes: Map<string, number>, query: string, impressions: number): void {
  const keyword = oneLine(query).toLowerCase()
  if (keyword === '' || keyword.length > MAX_KEYWORD_LENGTH || !storable(keyword)) return
  volumes.set(keyword, (volumes.get(keyword) ?? 0) + impressions)
}

function keywordRow([keyword, impressions]: [string, number], index: number): KeywordRow {
  const volume = Math.min(MAX_VOLUME, Math.max(0, Math.round(impressions)))
  return { line: index + 1, keyword, volume, difficulty: null, intent: null }
}
