import type { Deps } from '../deps.ts'
import { newRouter } from '../http/endpoint.ts'
import { accountRoutes } from './account-routes.ts'
import { allAccountsRoutes } from './all-accounts-routes.ts'
import { apiKeyRoutes } from './api-key-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { industryRoutes } from './industry-routes.ts'
import { invitationRoutes } from './invitation-routes.ts'
import { planRoutes } from './plan-routes.ts'
import { sectorRoutes } from './sector-routes.ts'
import { sessionRoutes } from './session-routes.ts'
import type { SiteLink } from './site-link.ts'
import { siteRoutes } from './site-routes.ts'
import { userRoutes } from './user-routes.ts'

const ROUTES = [
  sessionRoutes,
  accountRoutes,
  allAccountsRoutes,
  userRoutes,
  invitationRoutes,
  apiKeyRoutes,
  sectorRoutes,
  industryRoutes,
  planRoutes,
  auditRoutes,
]

/** Everything below /api/v1/auth/ but a site's WordPress, which is `publishing/`. */
export function authRoutes(deps: Deps, siteLink: SiteLink) {
  const app = newRouter()
  app.route('/', siteRoutes(deps, siteLink))
  for (const routes of ROUTES) app.route('/', routes(deps))
  return app
}
