import { eq } from 'drizzle-orm'
import { strategies } from '../../db/schema/guidance.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { newRouter } from '../http/endpoint.ts'
import { NewStrategy, Strategy, UpdateStrategy } from './schemas.ts'
import {
  createStrategy,
  getStrategy,
  listStrategies,
  StrategyQuery,
  updateStrategy,
} from './strategies.ts'

export function strategyRoutes(deps: Deps) {
  const app = newRouter()
  crud(app, deps, {
    path: '/strategies/',
    tag: 'system',
    name: 'strategy',
    write: 'admin',
    table: strategies,
    row: Strategy,
    list: { summary: 'List strategies', query: StrategyQuery, run: listStrategies },
    get: getStrategy,
    create: {
      summary: 'Create a strategy',
      description:
        'A strategy applies to one sector, or to all sectors that have none. Its templates and sections are ' +
        'used in all later runs of the sector, and its author profile for tasks that name no profile.',
      body: NewStrategy,
      run: createStrategy,
    },
    update: {
      summary: 'Update a strategy',
      body: UpdateStrategy,
      run: (tx, _caller, before, input) => updateStrategy(tx, before, input),
    },
    remove: {
      summary: 'Delete a strategy',
      run: (tx, _caller, { id }) => tx.delete(strategies).where(eq(strategies.id, id)),
    },
  })
  return app
}
