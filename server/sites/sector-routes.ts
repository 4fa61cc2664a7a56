import { sectors } from '../../db/schema/sites.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { newRouter } from '../http/endpoint.ts'
import { NewSector, Sector, UpdateSector } from './schemas.ts'
import {
  createSector,
  deleteSector,
  getSector,
  listSectors,
  lockSectors,
  SectorQuery,
  updateSector,
} from './sectors.ts'

export function sectorRoutes(deps: Deps) {
  const app = newRouter()
  crud(app, deps, {
    path: '/sectors/',
    tag: 'auth',
    name: 'sector',
    write: 'admin',
    table: sectors,
    row: Sector,
    list: { tool: 'list_sectors', summary: 'List sectors', query: SectorQuery, run: listSectors },
    get: getSector,
    lock: lockSectors,
    create: {
      summary: 'Create a sector',
      body: NewSector,
      run: createSector,
    },
    update: {
      summary: 'Update a sector',
      body: UpdateSector,
      run: (tx, _caller, before, input) => updateSector(tx, before, input),
    },
    remove: {
      summary: 'Delete a sector and everything in it',
      run: (tx, _caller, { id }) => deleteSector(tx, id),
    },
  })
  return app
}
