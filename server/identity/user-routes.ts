import { users } from '../../db/schema/accounts.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { answer, IdParam } from '../http/schemas.ts'
import { makePasswordLink } from './password-link.ts'
import { NewUser, PasswordLink, UpdateUser, User } from './schemas.ts'
import { createUser, deleteUser, getUser, listUsers, UserQuery, updateUser } from './users.ts'

const RULES =
  'Nobody gives a role above their own or changes who has one, and the last owner stays one. '

const passwordLink = endpoint('admin', {
  method: 'post',
  path: '/users/{id}/password_link/',
  tags: ['auth'],
  summary: 'Let a user who forgot their password choose another',
  description:
    'The service sends no mail: hand `url` on yourself. It works once, within a day, and ends with the ' +
    'role or the access of the user, or of who made it. For yourself this is a 403: auth/change_password/ ' +
    'asks for the old password.',
  'x-shows-secret': true,
  request: { params: IdParam },
  responses: { 201: answer('The link, shown this once.', PasswordLink) },
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
      summary: 'Add a user with a password; see auth/invitations/ for one who chooses it',
      body: NewUser,
      prepare: async (input) => ({
        ...input,
        password: await deps.passwords.hash(input.password),
      }),
      run: createUser,
    },
    update: {
      summary: 'Change a name or a role, or end access',
      description: `${RULES}With another role or none every sign-in ends at once; below admin also the API keys and open invitations that the user made.`,
      body: UpdateUser,
      run: (tx, caller, { id }, input) => updateUser(tx, caller, id, input),
    },
    remove: {
      summary: 'Remove a user',
      description: `${RULES}What the user did stays on record; their API keys and open invitations end.`,
      run: (tx, caller, { id }) => deleteUser(tx, caller, id),
    },
  })
  return app
}
