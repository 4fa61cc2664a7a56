import { createRoute, OpenAPIHono, type RouteConfig } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { DomainError } from '../errors.ts'
import { type Caller, type MinimumRole, mayAct } from './caller.ts'
import { Problem, problemFromZod } from './problem.ts'

export type AppEnv = {
  Variables: {
    requestId: string
    caller: Caller | undefined
    /** Why the token that was sent names no caller: told where one is needed. */
    refusal: DomainError | undefined
  }
}

/** A feature's routes: what does not fit its schema is refused with each field named. */
export function newRouter(options: { getPath?: (request: Request) => string } = {}) {
  return new OpenAPIHono<AppEnv>({
    ...options,
    defaultHook: (result) => {
      if (!result.success) throw problemFromZod(result.error)
    },
  })
}

const PROBLEM_RESPONSE = {
  description: 'What went wrong, as RFC 9457 says.',
  content: { 'application/problem+json': { schema: Problem } },
}

/**
 * Declares a route with what all of them share: who may call it, how errors look, and the mark
 * `x-role` by which the tests know what to expect of it.
 */
export function endpoint<P extends string, R extends Omit<RouteConfig, 'path'> & { path: P }>(
  role: MinimumRole | 'public',
  config: R,
) {
  const route = {
    ...config,
    'x-role': role,
    security: role === 'public' ? [] : [{ bearer: [] }],
    middleware: role === 'public' ? [] : [requireRole(role)],
    responses: { ...config.responses, default: PROBLEM_RESPONSE },
  }
  return createRoute<P, R>(route)
}

function requireRole(minimum: MinimumRole): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const caller = callerOf(c)
    if (!mayAct(caller, minimum)) throw refused(caller, minimum)
    await next()
  }
}

function refused({ role }: Caller, minimum: MinimumRole): DomainError {
  return new DomainError(
    'permission_denied',
    minimum === 'staff'
      ? "This is for the platform's own staff."
      : `This needs the role ${minimum} or a higher one; yours is ${role}.`,
  )
}

/** The user who calls, or a 403 for an API key, which is no person. */
export function userOf(c: Pick<Context<AppEnv>, 'get'>): Caller & { userId: number } {
  const { userId, ...caller } = callerOf(c)
  if (userId !== null) return { ...caller, userId }
  throw new DomainError('permission_denied', 'This is for a person who signed in, not an API key.')
}

/** The caller, or a 401. */
export function callerOf(c: Pick<Context<AppEnv>, 'get'>): Caller {
  const caller = c.get('caller')
  if (caller) return caller
  throw (
    c.get('refusal') ??
    new DomainError('not_authenticated', 'Send an access token as "Authorization: Bearer …".', {
      headers: { 'www-authenticate': 'Bearer realm="igny8"' },
    })
  )
}
