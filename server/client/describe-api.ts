import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import type { Description } from './api-types.ts'

/** The OpenAPI document as the code beside it serves it. It needs no database. */
export function describeApi(): Description {
  const settings = {
    registration: 'open',
    defaultPlan: 'free',
    rateLimits: { account: 0, address: 0 },
    corsOrigins: [],
    publicUrl: () => 'http://localhost',
  }
  const app = createApp({ settings, database: {}, metrics: {} } as unknown as Deps)
  const info = { title: 'igny8', version: '1' }
  const described = app.getOpenAPI31Document({ openapi: '3.1.0', info })
  return described as unknown as Description
}
