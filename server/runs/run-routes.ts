import { streamSSE } from 'hono/streaming'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { jsonResponse } from '../http/schemas.ts'
import { cancelRun } from './cancel-run.ts'
import { followRun } from './follow-run.ts'
import { getProgress, Progress } from './run-progress.ts'
import { RunParam } from './schemas.ts'

const tags = ['system']
const read = { readOnly: true }

const routes = {
  progress: endpoint('viewer', {
    method: 'get',
    path: '/settings/task_progress/{task_id}/',
    'x-mcp-tool': { name: 'get_run' },
    tags,
    summary: 'Get the progress of a run',
    request: { params: RunParam },
    responses: { 200: jsonResponse('The run.', Progress) },
  }),
  stream: endpoint('viewer', {
    method: 'get',
    path: '/settings/task_progress/{task_id}/stream/',
    tags,
    summary: 'Stream the progress of a run',
    request: { params: RunParam },
    responses: {
      200: {
        description:
          'Server-Sent Events, one at each change until the run ends. Each `progress` event has the body of task_progress.',
        content: { 'text/event-stream': { schema: { type: 'string' } as const } },
      },
    },
  }),
  cancel: endpoint('editor', {
    method: 'post',
    path: '/settings/task_progress/{task_id}/cancel/',
    'x-mcp-tool': { name: 'cancel_run' },
    tags,
    summary: 'Cancel a run',
    request: { params: RunParam },
    responses: { 200: jsonResponse('The run.', Progress) },
  }),
}

export function runRoutes(deps: Deps) {
  const app = newRouter()
  const { withAccount } = deps.database
  app.openapi(routes.progress, async (c) => {
    const { task_id } = c.req.valid('param')
    return c.json(await withAccount(callerOf(c).scope, (tx) => getProgress(tx, task_id), read), 200)
  })
  app.openapi(routes.stream, async (c) => {
    const caller = callerOf(c)
    const { task_id } = c.req.valid('param')
    // So that an unknown run is a 404 and not a broken stream.
    await withAccount(caller.scope, (tx) => getProgress(tx, task_id), read)
    // Nobody reads the stream of a HEAD request, so its end would never be noticed.
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' })
    return streamSSE(c, (stream) => followRun(deps, caller, task_id, stream))
  })
  app.openapi(routes.cancel, async (c) =>
    c.json(await cancelRun(deps, callerOf(c), c.req.valid('param').task_id), 200),
  )
  return app
}
