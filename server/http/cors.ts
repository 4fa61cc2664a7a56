import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { AppEnv } from './endpoint.ts'

/** Lets pages of these origins call the API. Without origins no CORS header is sent. */
export function allowOrigins(origins: string[]): MiddlewareHandler<AppEnv> {
  if (origins.length === 0) return (_c, next) => next()
  return cors({
    origin: origins.includes('*') ? '*' : origins,
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: [
      'authorization',
      'content-type',
      'idempotency-key',
      'if-match',
      'if-none-match',
      'x-account-id',
      'x-request-id',
    ],
    exposeHeaders: [
      'content-disposition',
      'etag',
      'idempotent-replayed',
      'ratelimit',
      'ratelimit-policy',
      'retry-after',
      'x-request-id',
    ],
    maxAge: 7200,
  })
}
