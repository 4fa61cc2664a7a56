import type { MiddlewareHandler } from 'hono'
import type { Deps } from '../deps.ts'
import { type AppEnv, callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { jsonResponse } from '../http/schemas.ts'
import { exportKeywords } from './export-keywords.ts'
import { importKeywords } from './import-keywords.ts'
import { EXPORT_COLUMNS, IMPORT_COLUMNS, listed } from './keyword-columns.ts'
import { ExportQuery } from './keywords.ts'
import { type Received, receiveKeywords } from './receive-keywords.ts'
import { Imported } from './schemas.ts'

const tags = ['planner']

const id = { type: 'integer', minimum: 1 } as const

const importRoute = (receive: MiddlewareHandler<AppEnv>) =>
  endpoint(
    'editor',
    {
      method: 'post',
      path: '/keywords/import_csv/',
      'x-mcp-tool': { name: 'import_keywords' },
      tags,
      summary: 'Import keywords from a CSV file',
      description:
        'The file can have any size and must be UTF-8. Its first line names the columns ' +
        `${listed(IMPORT_COLUMNS)}, in any order and case; other columns are ignored. A keyword that is already in ` +
        'the sector, ignoring case, takes the values of the file; a blank cell or a missing column keeps the ' +
        'stored value. Rows with an error are skipped and reported; a file that cannot be read imports ' +
        'nothing. Send `site_id` and `sector_id` before the file, so that they are checked first. A form can ' +
        'have at most 20 fields, and a record 1,000,000 characters. An upload ends with a 408 after an hour, ' +
        'or after 30 seconds without data. An account can send three imports at the same time; more wait for ' +
        'up to a minute.',
      request: {
        body: {
          required: true,
          content: {
            'multipart/form-data': {
              // Not a zod schema: it would be checked by reading the whole file into memory.
              schema: {
                type: 'object' as const,
                required: ['file', 'site_id', 'sector_id'],
                properties: {
                  site_id: id,
                  sector_id: id,
                  file: { type: 'string' as const, contentMediaType: 'text/csv' },
                },
              },
            },
          },
        },
      },
      responses: { 200: jsonResponse('What was imported.', Imported) },
    },
    receive,
  )

const routes = {
  export: endpoint('viewer', {
    method: 'get',
    path: '/keywords/export_csv/',
    tags,
    summary: 'Export keywords as CSV',
    description:
      'Exports the keywords that match the filters, in UTF-8 with a byte order mark. Cells that a spreadsheet ' +
      'would treat as formulas start with an apostrophe, which the import removes.',
    request: { query: ExportQuery },
    responses: {
      200: {
        description: `${listed(EXPORT_COLUMNS)}.`,
        content: { 'text/csv': { schema: { type: 'string' as const } } },
      },
    },
  }),
}

export function keywordFileRoutes(deps: Deps) {
  const app = newRouter()
  const files = new WeakMap<object, Received>()
  const receive = receiveKeywords(deps, (c, file) => files.set(c, file))
  app.openapi(importRoute(receive), async (c) =>
    c.json(await importKeywords(deps, callerOf(c), files.get(c)!), 200),
  )
  app.openapi(routes.export, async (c) => {
    const csv = await exportKeywords(deps, callerOf(c), c.req.valid('query'))
    return c.body(csv, 200, {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="keywords.csv"',
    })
  })
  return app
}
