import type { Deps } from '../deps.ts'
import { newRouter } from '../http/endpoint.ts'
import { contentRoutes } from './content-routes.ts'
import { imageRoutes } from './image-routes.ts'
import { runRoutes } from './run-routes.ts'
import { taskRoutes } from './task-routes.ts'

/** Everything below /api/v1/writer/ but publishing. */
export function writerRoutes(deps: Deps) {
  const app = newRouter()
  for (const routes of [taskRoutes, contentRoutes, imageRoutes, runRoutes]) {
    app.route('/', routes(deps))
  }
  return app
}
