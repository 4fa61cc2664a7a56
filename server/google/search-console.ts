import { z } from 'zod'
import { callGoogle, type Google } from './google-call.ts'

/** The most rows of a response of Search Console. */
const PAGE_ROWS = 25_000
/** Search Console reports at most the top 50,000 queries per day. */
const MAX_ROWS = 1_000_000

const Properties = z.object({
  siteEntry: z
    .array(z.object({ siteUrl: z.string(), permissionLevel: z.string().catch('') }))
    .default([]),
})

const Queries = z.object({
  rows: z
    .array(z.object({ keys: z.tuple([z.string()]), impressions: z.number().catch(0) }))
    .default([]),
})

/** `site_url` is such as https://example.com/ or sc-domain:example.com. */
export type Property = { site_url: string; permission_level: string }
/** A search query and its impressions. */
export type SearchQuery = { query: string; impressions: number }

/** Lists the properties that the connected user can see. Throws a `GoogleError`. */
export async function listProperties(google: Google, token: string): Promise<Property[]> {
  const url = `${google.urls.searchConsole}/sites`
  const { siteEntry } = await callGoogle(google, url, { headers: bearer(token) }, Properties)
  return siteEntry.map(({ siteUrl, permissionLevel }) => ({
    site_url: siteUrl,
    permission_level: permissionLevel,
  }))
}

/** Yields the queries of a period (both days included) in pages, most clicked first. */
export async function* searchQueries(
  google: Google,
  token: string,
  span: { property: string; startDate: string; endDate: string },
): AsyncGenerator<SearchQuery[], void, undefined> {
  const { property, startDate, endDate } = span
  const url = `${google.urls.searchConsole}/sites/${encodeURIComponent(property)}/searchAnalytics/query`
  const headers = { ...bearer(token), 'content-type': 'application/json' }
  for (let startRow = 0; startRow < MAX_ROWS; startRow += PAGE_ROWS) {
    const body = JSON.stringify({
      startDate,
      endDate,
      dimensions: ['query'],
      type: 'web',
      rowLimit: PAGE_ROWS,
      startRow,
    })
    const { rows } = await callGoogle(google, url, { method: 'POST', headers, body }, Queries)
    yield rows.map(({ keys: [query], impressions }) => ({ query, impressions }))
    if (rows.length < PAGE_ROWS) return
  }
}

function bearer(token: string) {
  return { authorization: `Bearer ${token}` }
}
