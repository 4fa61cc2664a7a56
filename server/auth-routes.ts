import { accountRoutes } from './accounts/account-routes.ts'
import { allAccountsRoutes } from './accounts/all-accounts-routes.ts'
import { auditRoutes } from './accounts/audit-routes.ts'
import { planRoutes } from './accounts/plan-routes.ts'
import type { Deps } from './deps.ts'
import { newRouter } from './http/endpoint.ts'
import { apiKeyRoutes } from './identity/api-key-routes.ts'
import { invitationRoutes } from './identity/invitation-routes.ts'
import { sessionRoutes } from './identity/session-routes.ts'
import { userRoutes } from './identity/user-routes.ts'
import { industryRoutes } from './sites/industry-routes.ts'
import { sectorRoutes } from './sites/sector-routes.ts'
import type { SiteLink } from './sites/site-link.ts'
import { siteRoutes } from './sites/site-routes.ts'

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

/** All routes below /api/v1/auth/ except a site's WordPress link, which is in `publishing/`. */
export function authRoutes(deps: Deps, siteLink: SiteLink) {
  const app = newRouter()
  app.route('/', siteRoutes(deps, siteLink))
  for (const routes of ROUTES) app.route('/', routes(deps))
  return app
}
