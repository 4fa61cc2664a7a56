import { industries } from '../../db/schema/sites.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { newRouter } from '../http/endpoint.ts'
import {
  createIndustry,
  deleteIndustry,
  getIndustry,
  IndustryQuery,
  listIndustries,
  updateIndustry,
} from './industries.ts'
import { Industry, NewIndustry, UpdateIndustry } from './schemas.ts'

const SECTORS =
  '`sectors` is the whole list, told apart by slug: one that is left out becomes inactive.'

/** The platform's own rows: every account reads them, platform staff write them. */
export function industryRoutes(deps: Deps) {
  const app = newRouter()
  crud(app, deps, {
    path: '/industries/',
    tag: 'auth',
    name: 'industry',
    write: 'staff',
    table: industries,
    row: Industry,
    list: {
      summary: 'Industries with their sectors',
      description: 'Those that can be chosen; with is_active=false the others.',
      query: IndustryQuery,
      run: listIndustries,
    },
    get: getIndustry,
    create: {
      summary: 'Add an industry with its sectors',
      description: SECTORS,
      body: NewIndustry,
      run: (tx, _caller, input) => createIndustry(tx, input),
    },
    update: {
      summary: 'Change an industry or its sectors',
      description: SECTORS,
      body: UpdateIndustry,
      run: (tx, _caller, { id }, input) => updateIndustry(tx, id, input),
    },
    remove: {
      summary: 'Delete an industry that nobody uses',
      description: 'A built-in one comes back at the next start: set is_active to false instead.',
      run: (tx, _caller, { id }) => deleteIndustry(tx, id),
    },
  })
  return app
}
