import { users } from '../../db/schema/accounts.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { IdParam, jsonResponse } from '../http/schemas.ts'
import { makePasswordLink } from './password-link.ts'
import { NewUser, PasswordLink, UpdateUser, User } from './schemas.ts'
import { createUser, deleteUser, getUser, listUsers, UserQuery, updateUser } from './users.ts'

const RULES =
  'You cannot give a role above your own, or change a user who has one. The last owner must stay an owner. '

const passwordLink = endpoint('admin', {
  method: 'post',
  path: '/users/{id}/password_link/',
  tags: ['auth'],
  summary: 'Create a password link',
  description:
    'Lets a user who forgot their password choose a new one. igny8 sends no email: pass `url` on yourself. ' +
    'The link works once, within a day, and stops working if the role or access of the user, or of the admin ' +
    'who created it, changes. You cannot create one for yourself (403): use auth/change_password/.',
  'x-shows-secret': true,
  request: { params: IdParam },
  responses: { 201: jsonResponse('The link. It is not shown again.', PasswordLink) },
})

export function userRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(passwordLink, async (c) =>
    c.json(await makePasswordLink(deps, callerOf(c), c.req.valid('param').id), 201),
  )
  crud(app, deps, {
    path: '/users/',
    tag: 'auth',
    name: 'user',
    read: 'admin',
    write: 'admin',
    table: users,
    row: User,
    list: { summary: 'List users', query: UserQuery, run: listUsers },
    get: getUser,
    create: {
      summary: 'Create a user',
      body: NewUser,
      prepare: async (input) => ({
        ...input,
        password: await deps.passwords.hash(input.password),
      }),
      run: createUser,
    },
    update: {
      summary: 'Update a user',
      description: `${RULES}Changing the role or ending access ends all sign-ins of the user. Below admin, it also revokes the API keys and open invitations that the user created.`,
      body: UpdateUser,
      run: (tx, caller, { id }, input) => updateUser(tx, caller, id, input),
    },
    remove: {
      summary: 'Delete a user',
      description: `${RULES}The audit log keeps what the user did. Their API keys and open invitations are revoked.`,
      run: (tx, caller, { id }) => deleteUser(tx, caller, id),
    },
  })
  return app
}
