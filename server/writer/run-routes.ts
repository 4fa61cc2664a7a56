import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { accepted, jsonBody } from '../http/schemas.ts'
import { startRun } from '../runs/accept-run.ts'
import { planContent, planImages } from './plan-generation.ts'
import { GenerateContent, GenerateImages } from './schemas.ts'

const tags = ['writer']

const routes = {
  content: endpoint('editor', {
    method: 'post',
    path: '/tasks/auto_generate_content/',
    'x-mcp-tool': { name: 'generate_content' },
    tags,
    summary: 'Generate articles',
    description:
      'Generates the articles of queued tasks. An article costs 3 credits, an image original 1, publishing nothing.',
    request: jsonBody(GenerateContent),
    responses: { 202: accepted },
  }),
  images: endpoint('editor', {
    method: 'post',
    path: '/tasks/auto_generate_images/',
    'x-mcp-tool': { name: 'generate_images' },
    tags,
    summary: 'Generate images',
    description:
      'Generates the images of tasks that have an article, and replaces existing ones. An original costs 1 credit.',
    request: jsonBody(GenerateImages),
    responses: { 202: accepted },
  }),
}

export function runRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.content, async (c) => {
    const [caller, input] = [callerOf(c), c.req.valid('json')]
    return c.json(
      { task_id: await startRun(deps, caller, (tx) => planContent(tx, input, caller)) },
      202,
    )
  })
  app.openapi(routes.images, async (c) => {
    const [caller, input] = [callerOf(c), c.req.valid('json')]
    return c.json(
      { task_id: await startRun(deps, caller, (tx) => planImages(tx, input, caller)) },
      202,
    )
  })
  return app
}
