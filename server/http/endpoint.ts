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
    /** The scope of a signed-in user in their own account, whichever account they act in. */
    ownScope: Scope | undefined
    /** Why the token is not valid; thrown by routes that need a caller. */
    refusal: DomainError | undefined
    /** The response shows a secret, so it is not stored for replays. */
    showsSecret: boolean | undefined
    /** Handles the `Idempotency-Key` of a POST. */
    idempotency: MiddlewareHandler<AppEnv>
    /** The fingerprint of a body that its handler read as a stream. */
    bodyFingerprint: string | undefined
  }
}

/** A router that answers an invalid request with a 400 naming each field. */
export function newRouter(options: { getPath?: (request: Request) => string } = {}) {
  return new OpenAPIHono<AppEnv>({
    ...options,
    defaultHook: (result) => {
      if (!result.success) throw problemFromZod(result.error)
    },
  })
}

const PROBLEM_RESPONSE = {
  description: 'An error, as problem details (RFC 9457).',
  content: { 'application/problem+json': { schema: Problem } },
}

const WHO: Record<MinimumRole | 'public', string> = {
  public: 'Needs no authentication.',
  viewer: 'Requires the role viewer or above.',
  editor: 'Requires the role editor or above, or an API key with write access.',
  admin: 'Requires the role admin or above.',
  owner: 'Requires the role owner.',
  staff: 'For platform staff only.',
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  schema: { type: 'string' as const, pattern: '^[!-~]{1,255}$' },
  description:
    'Makes it safe to repeat the request. Within 24 hours, the same key with the same body returns the ' +
    'first response again (`Idempotent-Replayed: true`). The same key with another body is a 422 ' +
    '`idempotency_key_reused`; two requests at once are a 409 `idempotency_in_progress`. A response that ' +
    'showed a secret is not stored: repeating it is a 409 `already_done`. A request that failed changed ' +
    'nothing and is carried out again.',
}

/**
 * Declares a route with everything that routes share: the required role, the error response, the
 * `Idempotency-Key` of a POST, and `x-role`, which tests read. `x-shows-secret` marks a route whose
 * response shows a secret and is never stored; `x-mcp-tool` makes it an MCP tool (`mcp/tools.ts`).
 * `receive` reads the body before the request's transaction begins.
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
      ? 'Only platform staff can do this.'
      : `This requires the role ${minimum} or above; yours is ${role}. Ask an admin of the account.`,
  )
}

/** The signed-in user, in their own account. Throws a 403 for an API key. */
export function userOf(c: Pick<Context<AppEnv>, 'get'>): Caller & { userId: number } {
  const caller = callerOf(c)
  const scope = c.get('ownScope')
  if (caller.actor === 'user' && scope) return { ...caller, accountId: scope.accountId, scope }
  throw new DomainError(
    'permission_denied',
    'An API key cannot do this. Sign in and send an access token.',
  )
}

/** The caller. Throws a 401 without one. */
export function callerOf(c: Pick<Context<AppEnv>, 'get'>): Caller {
  const caller = c.get('caller')
  if (caller) return caller
  throw (
    c.get('refusal') ??
    new DomainError(
      'not_authenticated',
      'Authentication is required. Send an access token or API key as "Authorization: Bearer …".',
      {
        headers: { 'www-authenticate': 'Bearer realm="igny8"' },
      },
    )
  )
}
