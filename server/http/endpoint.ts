import { createRoute, OpenAPIHono, type RouteConfig } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import type { Scope } from '../../db/database.ts'
import { DomainError } from '../errors.ts'
import { type Caller, type MinimumRole, mayAct } from './caller.ts'
import { Problem, problemFromZod } from './problem.ts'
import { CALLERS_BODY, PUBLIC_BODY, receiveBody } from './receive-body.ts'

export type AppEnv = {
  Variables: {
    requestId: string
    caller: Caller | undefined
    /** Of a person who signed in: their own account, whichever they act in. */
    ownScope: Scope | undefined
    /** Why the token that was sent names no caller: told where one is needed. */
    refusal: DomainError | undefined
    /** The answer shows a secret: it is not kept. */
    showsSecret: boolean | undefined
    /** Carries a POST out once for its `Idempotency-Key`. */
    idempotency: MiddlewareHandler<AppEnv>
    /** Of a body that its handler reads as a stream, for an `Idempotency-Key`. */
    bodyFingerprint: string | undefined
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

const WHO: Record<MinimumRole | 'public', string> = {
  public: 'For everybody: without a token.',
  viewer: 'For every role.',
  editor: 'For the role editor and above, and API keys that may write.',
  admin: 'For the role admin and above.',
  owner: 'For the role owner.',
  staff: "For the platform's staff.",
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  schema: { type: 'string' as const, pattern: '^[!-~]{1,255}$' },
  description:
    'Carries the request out once: repeated within 24 hours with the same key and body it is answered ' +
    'as the first time (`Idempotent-Replayed: true`). Another body is a 422 `idempotency_key_reused`, ' +
    'two at once are a 409 `idempotency_in_progress`. An answer that showed a secret is not kept: a ' +
    '409 `already_done`. What was refused did nothing and is tried again.',
}

/**
 * Declares a route with what all of them share: who may call it, how errors look, the header of every
 * POST, and the mark `x-role` by which the tests know what to expect of it. `x-shows-secret` marks one
 * whose answer shows a secret, which is kept nowhere. `x-mcp-tool` offers one as an MCP tool (`mcp/tools.ts`). `receive` takes the body in, before anything is
 * asked of the database in the request's transaction.
 */
export function endpoint<P extends string, R extends Omit<RouteConfig, 'path'> & { path: P }>(
  role: MinimumRole | 'public',
  config: R,
  receive = receiveBody(role === 'public' ? PUBLIC_BODY : CALLERS_BODY),
) {
  const route = {
    ...config,
    description: [config.description, WHO[role]].filter(Boolean).join('\n\n'),
    'x-role': role,
    security: role === 'public' ? [] : [{ bearer: [] }],
    middleware: [
      ...(role === 'public' ? [] : [requireRole(role)]),
      ...('x-shows-secret' in config ? [showsSecret] : []),
      receive,
      ...(config.method === 'post' ? [carryOutOnce] : []),
      ...[config.middleware ?? []].flat(),
    ],
    ...(config.method === 'post' && { parameters: [IDEMPOTENCY_KEY] }),
    responses: { ...config.responses, default: PROBLEM_RESPONSE },
  }
  return createRoute<P, R>(route)
}

const carryOutOnce: MiddlewareHandler<AppEnv> = (c, next) => c.get('idempotency')(c, next)

const showsSecret: MiddlewareHandler<AppEnv> = async (c, next) => {
  c.set('showsSecret', true)
  await next()
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

/** The user who calls, in their own account; a 403 for an API key, which is no person. */
export function userOf(c: Pick<Context<AppEnv>, 'get'>): Caller & { userId: number } {
  const { userId, ...caller } = callerOf(c)
  const scope = c.get('ownScope')
  if (userId !== null && scope) return { ...caller, userId, accountId: scope.accountId, scope }
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
