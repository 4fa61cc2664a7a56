import { invitations } from '../../db/schema/identity.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { jsonBody, jsonResponse } from '../http/schemas.ts'
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
    summary: 'Create an invitation',
    description:
      'igny8 sends no email: pass `url` on yourself. The response shows it once. The link works once, until ' +
      'the invitation is revoked, expires after `expires_in_days`, or the same address is invited again.',
    'x-shows-secret': true,
    request: jsonBody(NewInvitation),
    responses: { 201: jsonResponse('The invitation, with its link.', ShownInvitation) },
  }),
  accept: endpoint('public', {
    method: 'post',
    path: '/invitations/accept/',
    tags,
    summary: 'Accept an invitation',
    'x-shows-secret': true,
    request: jsonBody(AcceptInvitation),
    responses: { 201: jsonResponse('The new user, signed in.', Session) },
  }),
}

export function invitationRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.invite, async (c) => {
    const caller = callerOf(c)
    const made = await deps.database.withAccount(caller.scope, async (tx) => {
      const made = await invite(tx, caller, c.req.valid('json'))
      const object = { type: 'invitation', id: made.id } as const
      await audit(tx, caller, 'invitation.created', { object })
      return made
    })
    // In the fragment, which browsers do not send and servers do not log.
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
