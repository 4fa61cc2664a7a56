import { plans } from '../../db/schema/accounts.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { newRouter } from '../http/endpoint.ts'
import { NewPlan, Plan, UpdatePlan } from './plan-schemas.ts'
import { createPlan, deletePlan, getPlan, listPlans, PlanQuery, updatePlan } from './plans.ts'

/** The platform's own rows: every account reads them, platform staff write them. */
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
      summary: 'What can be booked',
      description: 'With is_active=false what could be.',
      query: PlanQuery,
      run: listPlans,
    },
    get: getPlan,
    create: {
      summary: 'Add a plan',
      body: NewPlan,
      run: (tx, _caller, input) => createPlan(tx, input),
    },
    update: {
      summary: 'Change a plan and its limits, for the accounts that have it too',
      body: UpdatePlan,
      run: (tx, _caller, before, input) => updatePlan(tx, before, input),
    },
    remove: {
      summary: 'Delete a plan that no account has',
      description: 'A built-in one comes back at the next start: set is_active to false instead.',
      run: (tx, _caller, { id }) => deletePlan(tx, id),
    },
  })
  return app
}
