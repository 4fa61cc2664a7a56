import { plans } from '../../db/schema/accounts.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { newRouter } from '../http/endpoint.ts'
import { NewPlan, Plan, UpdatePlan } from './plan-schemas.ts'
import { createPlan, deletePlan, getPlan, listPlans, PlanQuery, updatePlan } from './plans.ts'

/** Plans belong to the platform: every account reads them, platform staff change them. */
export function planRoutes(deps: Deps) {
  const app = newRouter()
  crud(app, deps, {
    path: '/plans/',
    tag: 'auth',
    name: 'plan',
    write: 'staff',
    table: plans,
    row: Plan,
    list: {
      summary: 'List plans',
      description: 'Active plans by default; `is_active=false` lists the inactive ones.',
      query: PlanQuery,
      run: listPlans,
    },
    get: getPlan,
    create: {
      summary: 'Create a plan',
      body: NewPlan,
      run: (tx, _caller, input) => createPlan(tx, input),
    },
    update: {
      summary: 'Update a plan',
      body: UpdatePlan,
      run: (tx, _caller, before, input) => updatePlan(tx, before, input),
    },
    remove: {
      summary: 'Delete a plan',
      description:
        'Only a plan that no account uses can be deleted. A built-in plan is created again at the next start; set `is_active` to false instead.',
      run: (tx, _caller, { id }) => deletePlan(tx, id),
    },
  })
  return app
}
