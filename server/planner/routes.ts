import type { Deps } from '../deps.ts'
import { newRouter } from '../http/endpoint.ts'
import { clusterRoutes } from './cluster-routes.ts'
import { ideaRoutes } from './idea-routes.ts'
import { keywordFileRoutes } from './keyword-file-routes.ts'
import { keywordRoutes } from './keyword-routes.ts'

export function plannerRoutes(deps: Deps) {
  const app = newRouter()
  // Before `/keywords/{id}/`, which their paths would fit too.
  app.route('/', keywordFileRoutes(deps))
  app.route('/', keywordRoutes(deps))
  app.route('/', clusterRoutes(deps))
  app.route('/', ideaRoutes(deps))
  return app
}
