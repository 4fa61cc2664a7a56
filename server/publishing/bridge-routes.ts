import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { DELIVERY_STATES } from '../../db/schema/auth.ts'
import type { Tx } from '../../db/tenancy.ts'
import type { Deps } from '../deps.ts'
import { type AppEnv, callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer } from '../http/lists.ts'
import {
  accepted,
  answer,
  IdParam,
  jsonBody,
  nullableTime,
  queryId,
  times,
} from '../http/schemas.ts'
import { BridgeEvent, takeEvent } from './bridge-events.ts'
import { Overview, readOverview } from './bridge-overview.ts'
import { PublishFromWordPress, publishFromWordPress } from './bridge-publish.ts'
import { callerOfBridge, signingSite } from './bridge-site.ts'
import { DeliveryQuery, listDeliveries, replayDelivery } from './deliveries.ts'
import { acceptExamination } from './examine.ts'
import { requireSite } from './link.ts'

const SiteParam = z.object({
  site_id: queryId.openapi({ param: { name: 'site_id', in: 'path' }, type: 'integer' }),
})
const SIGNED = 'A Standard Webhook of the plugin: the signature is the authentication.'
const Taken = z.object({ taken: z.boolean() }).openapi('TakenBridgeEvent')

const Delivery = z
  .object({
    account_id: z.int(),
    id: z.int(),
    site_id: z.int(),
    webhook_id: z.uuid(),
    type: z.string(),
    payload: z.record(z.string(), z.unknown()),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int(),
    next_attempt_at: nullableTime,
    log: z.array(
      z.object({
        at: z.string(),
        status: z.int().nullable(),
        answer: z.string(),
        ms: z.int(),
      }),
    ),
    delivered_at: nullableTime,
    ...times,
  })
  .openapi('Delivery')

const routes = {
  events: endpoint('public', {
    method: 'post',
    path: '/bridge/{site_id}/events/',
    tags: ['wordpress'],
    summary: 'What the plugin of a site tells of its posts',
    description:
      'A Standard Webhook: the signature is the authentication. One that was taken is answered with ' +
      '200 and not acted on again.',
    request: { params: SiteParam, ...jsonBody(BridgeEvent) },
    responses: { 200: answer('Taken.', Taken) },
  }),
  overview: endpoint('public', {
    method: 'post',
    path: '/bridge/{site_id}/overview/',
    tags: ['wordpress'],
    summary: "How a site and its tasks stand, for the page of the site's plugin",
    description: SIGNED,
    request: { params: SiteParam, ...jsonBody(z.strictObject({})) },
    responses: { 200: answer('How they stand.', Overview) },
  }),
  publishFromWordPress: endpoint('public', {
    method: 'post',
    path: '/bridge/{site_id}/publish/',
    tags: ['wordpress'],
    summary: 'Approve and publish an article, as a user of the WordPress asked for',
    description: `${SIGNED} The user's name is in the audit log. One that was acted on is answered with its run.`,
    request: { params: SiteParam, ...jsonBody(PublishFromWordPress) },
    responses: { 202: accepted },
  }),
  examine: endpoint('public', {
    method: 'post',
    path: '/bridge/{site_id}/examine/',
    tags: ['wordpress'],
    summary: "Have the doctor look at a site; what it finds is in the site's overview",
    description: SIGNED,
    request: { params: SiteParam, ...jsonBody(z.strictObject({})) },
    responses: { 202: accepted },
  }),
  plugin: endpoint('viewer', {
    method: 'get',
    path: '/auth/sites/{id}/wordpress/plugin.zip/',
    tags: ['wordpress'],
    summary: 'The bridge plugin, for Plugins → Add New → Upload Plugin in WordPress',
    request: { params: IdParam },
    responses: {
      200: { description: 'The plugin.', content: { 'application/zip': { schema: z.string() } } },
    },
  }),
  deliveries: endpoint('viewer', {
    method: 'get',
    path: '/publishing/deliveries/',
    tags: ['wordpress'],
    summary: 'Webhooks to the plugins of sites, with how each attempt went',
    request: { query: DeliveryQuery },
    responses: { 200: answer('A page of the list.', listAnswer(Delivery)) },
  }),
  replay: endpoint('editor', {
    method: 'post',
    path: '/publishing/deliveries/{id}/replay/',
    tags: ['wordpress'],
    summary: 'Send a webhook again, with the id that it had',
    request: { params: IdParam },
    responses: { 200: answer('It is sent again.', Delivery) },
  }),
}

export function bridgeRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.events, async (c) => {
    const body = await c.req.text()
    const site = await signingSite(deps, c.req.valid('param').site_id, c.req.raw.headers, body)
    const webhookId = c.req.header('webhook-id') ?? ''
    await takeEvent(deps, site, webhookId, c.req.valid('json'), c.get('requestId'))
    return c.json({ taken: true }, 200)
  })
  /** Who signed a request; nobody else gets past. */
  const signer = async (c: Context<AppEnv>, siteId: number) => {
    const site = await signingSite(deps, siteId, c.req.raw.headers, await c.req.text())
    return { site, caller: callerOfBridge(site, c.get('requestId')) }
  }
  app.openapi(routes.overview, async (c) => {
    const { caller, site } = await signer(c, c.req.valid('param').site_id)
    const read = (tx: Tx) => readOverview(tx, site.siteId)
    return c.json(await deps.doors.withAccount(caller.scope, read, { readOnly: true }), 200)
  })
  app.openapi(routes.publishFromWordPress, async (c) => {
    const { caller, site } = await signer(c, c.req.valid('param').site_id)
    const webhookId = c.req.header('webhook-id') ?? ''
    const input = c.req.valid('json')
    return c.json(
      { task_id: await publishFromWordPress(deps, caller, site, webhookId, input) },
      202,
    )
  })
  app.openapi(routes.examine, async (c) => {
    const { caller, site } = await signer(c, c.req.valid('param').site_id)
    return c.json({ task_id: await acceptExamination(deps, caller, site.siteId) }, 202)
  })
  app.openapi(routes.plugin, async (c) => {
    const { id } = c.req.valid('param')
    await deps.doors.withAccount(callerOf(c).scope, (tx) => requireSite(tx, id), { readOnly: true })
    c.header('content-disposition', 'attachment; filename="igny8-bridge.zip"')
    return c.body(await deps.pluginZip(), 200, { 'content-type': 'application/zip' })
  })
  app.openapi(routes.deliveries, async (c) => {
    const query = c.req.valid('query')
    const page = await deps.doors.withAccount(
      callerOf(c).scope,
      (tx) => listDeliveries(tx, c.req.url, query),
      { readOnly: true },
    )
    return c.json(page, 200)
  })
  app.openapi(routes.replay, async (c) => {
    const caller = callerOf(c)
    const { id } = c.req.valid('param')
    const delivery = await deps.doors.withAccount(caller.scope, (tx) =>
      replayDelivery(tx, caller, id),
    )
    return c.json(delivery, 200)
  })
  return app
}
