import { invitations } from '../../db/schema/identity.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { answer, jsonBody } from '../http/schemas.ts'
import { audit } from '../observability/audit.ts'
import { acceptInvitation } from './accept-invitation.ts'
import {
  getInvitation,
  InvitationQuery,
  invite,
  listInvitations,
  revokeInvitation,
} from './invitations.ts'
import { AcceptInvitation, Invitation, NewInvitation, Session, ShownInvitation } from './schemas.ts'

const tags = ['auth']
const routes = {
  invite: endpoint('admin', {
    method: 'post',
    path: '/invitations/',
    tags,
    summary: 'Invite somebody by a link that works once',
    description:
      'The service sends no mail: hand `url` on yourself. It is shown this once, and ends when it is ' +
      'used, revoked, replaced by another invitation of the same address, or after expires_in_days.',
    'x-shows-secret': true,
    request: jsonBody(NewInvitation),
    responses: { 201: answer('The invitation, with its link.', ShownInvitation) },
  }),
  accept: endpoint('public', {
    method: 'post',
    path: '/invitations/accept/',
    tags,
    summary: 'Join an account by the token of an invitation',
    'x-shows-secret': true,
    request: jsonBody(AcceptInvitation),
    responses: { 201: answer('The new user, signed in.', Session) },
  }),
}

export function invitationRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.invite, async (c) => {
    const caller = callerOf(c)
    const { accountId, userId, requestId } = caller
    const made = await deps.database.withAccount(caller.scope, async (tx) => {
      const made = await invite(tx, caller, c.req.valid('json'))
      const object = { type: 'invitation', id: made.id }
      await audit(tx, { accountId, userId, requestId, action: 'invitation.created', object })
      return made
    })
    // Behind the #, which no browser sends and no server logs.
    return c.json({ ...made, url: `${deps.settings.publicUrl()}/invitation#${made.token}` }, 201)
  })
  app.openapi(routes.accept, async (c) =>
    c.json(await acceptInvitation(deps, c.req.valid('json'), c.get('requestId')), 201),
  )
  crud(app, deps, {
    path: '/invitations/',
    tag: 'auth',
    name: 'invitation',
    read: 'admin',
    write: 'admin',
    table: invitations,
    row: Invitation,
    list: { summary: 'List invitations', query: InvitationQuery, run: listInvitations },
    get: getInvitation,
    remove: {
      summary: 'Revoke an invitation',
      run: (tx, _caller, { id }) => revokeInvitation(tx, id),
    },
  })
  return app
}
