import type { OpenAPIHono } from '@hono/zod-openapi'
import type { z } from 'zod'
import { INTEGRATION_TYPES, type IntegrationType } from '../../db/schema/integrations.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { changesOnly } from '../http/changes-only.ts'
import { IfMatch, IfNoneMatch } from '../http/crud.ts'
import { type AppEnv, callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { entityTag, respondTagged } from '../http/entity-tag.ts'
import { accepted, jsonBody, jsonResponse } from '../http/schemas.ts'
import { resultOfRun } from '../runs/wait-for-run.ts'
import { gscRoutes } from './gsc-routes.ts'
import {
  ImageTypeParam,
  IntegrationParam,
  Integrations,
  NoQuery,
  SHOWN,
  Tested,
  TriedImage,
  TryImage,
  UPDATES,
} from './integration-schemas.ts'
import {
  getIntegration,
  listIntegrations,
  type SaveIntegration,
  saveIntegration,
} from './integrations.ts'
import { acceptConnectionTest, acceptImageTest } from './try-integration.ts'

const tags = ['integrations']
const BASE = '/settings/integrations/'

const test = {
  method: 'post',
  tags,
  description:
    'Calls the provider with the saved settings, active or not. The test is free. If it fails, the response is a 422 `integration_check_failed` with the cause in `cause_code`.',
  responses: { 200: jsonResponse('The test succeeded.', Tested), 202: accepted },
} as const

const routes = {
  list: endpoint('admin', {
    method: 'get',
    path: BASE,
    tags,
    summary: 'List integrations',
    description:
      'Always lists every type, including those that were never saved. There are no pages or filters.',
    request: { query: NoQuery },
    responses: { 200: jsonResponse('All integrations, without secrets.', Integrations) },
  }),
  test: endpoint('admin', {
    ...test,
    path: `${BASE}{type}/test/`,
    summary: 'Test an integration',
    request: { params: IntegrationParam },
  }),
  testOpenAi: endpoint('admin', {
    ...test,
    path: `${BASE}{type}/test_openai/`,
    summary: 'Test the OpenAI integration',
    request: { params: IntegrationParam },
  }),
  testRunware: endpoint('admin', {
    ...test,
    path: `${BASE}{type}/test_runware/`,
    summary: 'Test the Runware integration',
    request: { params: IntegrationParam },
  }),
  generateImage: endpoint('admin', {
    method: 'post',
    path: `${BASE}{type}/generate_image/`,
    tags,
    summary: 'Generate a test image',
    description:
      'Uses the saved settings of the named provider, active or not; with `image_generation`, the settings that articles use. It costs as much as an image. If it fails, it costs nothing.',
    request: { params: ImageTypeParam, ...jsonBody(TryImage) },
    responses: { 200: jsonResponse('The image.', TriedImage), 202: accepted },
  }),
}

export function integrationRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.list, async (c) => {
    const results = await listIntegrations(deps, callerOf(c))
    const list = { count: results.length, next: null, previous: null, results }
    return c.json(list as z.infer<typeof Integrations>, 200)
  })
  app.route('/', gscRoutes(deps))
  for (const type of INTEGRATION_TYPES) serveType(app, deps, type)
  const test = async (caller: Caller, type: IntegrationType) => {
    const runId = await acceptConnectionTest(deps, caller, type)
    return answered(runId, Tested, caller)
  }
  app.openapi(routes.test, async (c) => {
    const { type } = c.req.valid('param')
    const { result, task_id } = await test(callerOf(c), type)
    return result ? c.json(result, 200) : c.json({ task_id }, 202)
  })
  app.openapi(routes.testOpenAi, async (c) => {
    const { result, task_id } = await test(callerOf(c), 'openai')
    return result ? c.json(result, 200) : c.json({ task_id }, 202)
  })
  app.openapi(routes.testRunware, async (c) => {
    const { result, task_id } = await test(callerOf(c), 'runware')
    return result ? c.json(result, 200) : c.json({ task_id }, 202)
  })
  app.openapi(routes.generateImage, async (c) => {
    const caller = callerOf(c)
    const { type } = c.req.valid('param')
    const runId = await acceptImageTest(deps, caller, type, c.req.valid('json'))
    const { result, task_id } = await answered(runId, TriedImage, caller)
    return result ? c.json(result, 200) : c.json({ task_id }, 202)
  })
  return app

  async function answered<S extends z.ZodType>(task_id: number, schema: S, caller: Caller) {
    const result = await resultOfRun(deps, caller, task_id, 'integration_check_failed')
    return { task_id, result: result === undefined ? undefined : schema.parse(result) }
  }
}

/** Each type has its own paths, because each has its own schema. */
function serveType(app: OpenAPIHono<AppEnv>, deps: Deps, type: IntegrationType): void {
  const path = `${BASE}${type}/`
  const responses = {
    200: jsonResponse('The settings, without secrets.', SHOWN[type] as z.ZodType),
  }
  const get = endpoint('admin', {
    method: 'get',
    path,
    tags,
    summary: `Get the ${type} integration`,
    request: { headers: IfNoneMatch },
    responses: { ...responses, 304: { description: 'Your copy is current.' } },
  })
  app.openapi(get, async (c) => respondTagged(c, await getIntegration(deps, callerOf(c), type)))
  // These fields do not count as changes: an integration that was never saved is shown with defaults.
  const shownOnly = async () => ({ integration_type: type, updated_at: null })
  const body: z.ZodType<SaveIntegration> = UPDATES[type]
  for (const [method, at] of [
    ['put', path],
    ['patch', path],
    ['post', `${path}save/`],
  ] as const) {
    const save = endpoint('admin', {
      method,
      path: at,
      tags,
      summary: `Update the ${type} integration`,
      description:
        "Changes only the fields that are sent. The account's later runs use the new settings.",
      middleware: method === 'put' ? [changesOnly(shownOnly, UPDATES[type].shape)] : [],
      request: { headers: IfMatch, ...jsonBody(body) },
      responses,
    })
    app.openapi(save, async (c) => {
      const change = { input: c.req.valid('json'), ifMatch: c.req.header('if-match') }
      const saved = await saveIntegration(deps, callerOf(c), type, change)
      c.header('etag', await entityTag(saved))
      return c.json(saved, 200)
    })
  }
}
