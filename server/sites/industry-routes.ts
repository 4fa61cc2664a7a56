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
  '`sectors` replaces the whole list, matched by slug. A sector that is omitted becomes inactive.'

/** Industries belong to the platform: every account reads them, platform staff change them. */
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
      summary: 'List industries',
      description:
        'Industries with their sectors. Active ones by default; `is_active=false` lists the inactive ones.',
      query: IndustryQuery,
      run: listIndustries,
    },
    get: getIndustry,
    create: {
      summary: 'Create an industry',
      description: SECTORS,
      body: NewIndustry,
      run: (tx, _caller, input) => createIndustry(tx, input),
    },
    update: {
      summary: 'Update an industry',
      description: SECTORS,
      body: UpdateIndustry,
      run: (tx, _caller, { id }, input) => updateIndustry(tx, id, input),
    },
    remove: {
      summary: 'Delete an industry',
      description:
        'Only an industry that no site uses can be deleted. A built-in industry is created again at the next start; set `is_active` to false instead.',
      run: (tx, _caller, { id }) => deleteIndustry(tx, id),
    },
  })
  return app
}
