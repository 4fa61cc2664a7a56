import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Deps } from '../deps.ts'
import { type AppEnv, endpoint, newRouter, userOf } from '../http/endpoint.ts'
import { networkOf } from '../http/network.ts'
import { jsonBody, jsonResponse } from '../http/schemas.ts'
import { changePassword } from './change-password.ts'
import { resetPassword } from './password-link.ts'
import { register } from './register.ts'
import {
  Account,
  ChangePassword,
  Login,
  Refresh,
  Register,
  ResetPassword,
  Session,
  TokenPair,
  UpdateMe,
  User,
} from './schemas.ts'
import { closeSession, refreshSession, userAndAccount } from './sessions.ts'
import { signIn } from './sign-in.ts'
import { updateMe } from './users.ts'

const tags = ['auth']
const Me = z.object({ user: User, account: Account })
const NO_CONTENT = { 204: { description: 'Done.' } }

const routes = {
  register: endpoint('public', {
    'x-shows-secret': true,
    method: 'post',
    path: '/register/',
    tags,
    summary: 'Register an account',
    description:
      'Creates an account and its owner. Limited to 200 attempts an hour from one network (an IPv4 address or an IPv6 /64).',
    request: jsonBody(Register),
    responses: { 201: jsonResponse('The new account, signed in.', Session) },
  }),
  login: endpoint('public', {
    'x-shows-secret': true,
    method: 'post',
    path: '/login/',
    tags,
    summary: 'Sign in',
    description:
      'After ten failures within 15 minutes with one email address from one network, or a hundred with any ' +
      'addresses, that network gets a 429. Failures from many networks slow down sign-ins with that address ' +
      'from networks where its user has not signed in during the last 90 days.',
    request: jsonBody(Login),
    responses: { 200: jsonResponse('The user, signed in.', Session) },
  }),
  refresh: endpoint('public', {
    'x-shows-secret': true,
    method: 'post',
    path: '/refresh/',
    tags,
    summary: 'Refresh an access token',
    request: jsonBody(Refresh),
    responses: {
      200: jsonResponse(
        'A new pair of tokens. The old refresh token is no longer valid.',
        TokenPair,
      ),
    },
  }),
  resetPassword: endpoint('public', {
    'x-shows-secret': true,
    method: 'post',
    path: '/reset_password/',
    tags,
    summary: 'Reset a password',
    request: jsonBody(ResetPassword),
    responses: {
      200: jsonResponse('The user, signed in. All earlier sign-ins have ended.', Session),
    },
  }),
  logout: endpoint('public', {
    method: 'post',
    path: '/logout/',
    tags,
    summary: 'Sign out',
    request: jsonBody(Refresh),
    responses: NO_CONTENT,
  }),
  me: endpoint('viewer', {
    method: 'get',
    path: '/me/',
    tags,
    summary: 'Get your user and account',
    responses: { 200: jsonResponse('You and your account.', Me) },
  }),
  updateMe: endpoint('viewer', {
    method: 'patch',
    path: '/me/',
    tags,
    summary: 'Update your name',
    request: jsonBody(UpdateMe),
    responses: { 200: jsonResponse('You.', User) },
  }),
  changePassword: endpoint('viewer', {
    'x-shows-secret': true,
    method: 'post',
    path: '/change_password/',
    tags,
    summary: 'Change your password',
    request: jsonBody(ChangePassword),
    responses: {
      200: jsonResponse('A new pair of tokens. All other sign-ins have ended.', TokenPair),
    },
  }),
}

export function sessionRoutes(deps: Deps) {
  const app = newRouter()
  const networkOfClient = ({ req, env }: Context<AppEnv>) =>
    networkOf(deps.clientAddress(req.raw, env))
  app.openapi(routes.register, async (c) =>
    c.json(await register(deps, c.req.valid('json'), networkOfClient(c), c.get('requestId')), 201),
  )
  app.openapi(routes.login, async (c) => {
    const isKeyed = c.req.header('idempotency-key') !== undefined
    return c.json(await signIn(deps, c.req.valid('json'), networkOfClient(c), isKeyed), 200)
  })
  app.openapi(routes.refresh, async (c) =>
    c.json(await refreshSession(deps, c.req.valid('json').refresh), 200),
  )
  app.openapi(routes.resetPassword, async (c) =>
    c.json(await resetPassword(deps, c.req.valid('json'), c.get('requestId')), 200),
  )
  app.openapi(routes.logout, async (c) => {
    await closeSession(deps, c.req.valid('json').refresh)
    return c.body(null, 204)
  })
  app.openapi(routes.me, async (c) => {
    const { scope, userId } = userOf(c)
    const read = { readOnly: true }
    return c.json(
      await deps.database.withAccount(scope, (tx) => userAndAccount(tx, userId), read),
      200,
    )
  })
  app.openapi(routes.updateMe, async (c) =>
    c.json(await updateMe(deps, userOf(c), c.req.valid('json')), 200),
  )
  app.openapi(routes.changePassword, async (c) =>
    c.json(await changePassword(deps, userOf(c), c.req.valid('json')), 200),
  )
  return app
}
