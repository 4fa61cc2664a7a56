import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer } from '../http/lists.ts'
import { answer, IdParam, jsonBody } from '../http/schemas.ts'
import { Account, NewUser, UpdateUser, User } from './schemas.ts'
import { userAndAccount } from './sessions.ts'
import { createUser, getUser, listUsers, UserQuery, updateUser } from './users.ts'

const tags = ['auth']

const routes = {
  accounts: endpoint('viewer', {
    method: 'get',
    path: '/accounts/',
    tags,
    summary: 'Your own account',
    responses: { 200: answer('A list of one.', listAnswer(Account)) },
  }),
  list: endpoint('admin', {
    method: 'get',
    path: '/users/',
    tags,
    summary: 'List users',
    request: { query: UserQuery },
    responses: { 200: answer('Users.', listAnswer(User)) },
  }),
  create: endpoint('admin', {
    method: 'post',
    path: '/users/',
    tags,
    summary: 'Add a user',
    request: jsonBody(NewUser),
    responses: { 201: answer('The user.', User) },
  }),
  retrieve: endpoint('admin', {
    method: 'get',
    path: '/users/{id}/',
    tags,
    summary: 'Get a user',
    request: { params: IdParam },
    responses: { 200: answer('The user.', User) },
  }),
  update: endpoint('admin', {
    method: 'patch',
    path: '/users/{id}/',
    tags,
    summary: 'Change a role, or end access',
    request: { params: IdParam, ...jsonBody(UpdateUser) },
    responses: { 200: answer('The user.', User) },
  }),
}

export function userRoutes(deps: Deps) {
  const app = newRouter()
  const { withAccount } = deps.doors
  app.openapi(routes.accounts, async (c) => {
    const { scope, userId } = callerOf(c)
    const { account } = await withAccount(scope, (tx) => userAndAccount(tx, userId), {
      readOnly: true,
    })
    return c.json({ count: 1, next: null, previous: null, results: [account] }, 200)
  })
  app.openapi(routes.list, async (c) => {
    const list = await withAccount(
      callerOf(c).scope,
      (tx) => listUsers(tx, c.req.url, c.req.valid('query')),
      { readOnly: true },
    )
    return c.json(list, 200)
  })
  app.openapi(routes.create, async (c) =>
    c.json(await createUser(deps, callerOf(c), c.req.valid('json')), 201),
  )
  app.openapi(routes.retrieve, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(
      await withAccount(callerOf(c).scope, (tx) => getUser(tx, id), { readOnly: true }),
      200,
    )
  })
  app.openapi(routes.update, async (c) =>
    c.json(await updateUser(deps, callerOf(c), c.req.valid('param').id, c.req.valid('json')), 200),
  )
  return app
}
