import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { DELIVERY_KINDS, DELIVERY_STATES } from '../../db/schema/bridge.ts'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { pageOf } from '../http/lists.ts'
import {
  accepted,
  answer,
  IdParam,
  jsonBody,
  nullableTime,
  queryId,
  times,
} from '../http/schemas.ts'
import { BridgeAction, takeAction } from './bridge-actions.ts'
import { BridgeEvent, takeEvent } from './bridge-events.ts'
import { Overview, OverviewRequest, overviewOf } from './bridge-overview.ts'
import { signingSite } from './bridge-site.ts'
import { DeliveryQuery, getDelivery, listDeliveries, replayDelivery } from './deliveries.ts'
import { requireSite } from './link.ts'

const SiteParam = z.object({
  site_id: queryId.openapi({ param: { name: 'site_id', in: 'path' }, type: 'integer' }),
})
const Taken = z.object({ taken: z.boolean() }).openapi('TakenBridgeEvent')

const DeliveryRow = z
  .object({
    account_id: z.int(),
    id: z.int(),
    site_id: z.int(),
    kind: z.enum(DELIVERY_KINDS),
    webhook_id: z.uuid(),
    type: z.string(),
    payload: z.record(z.string(), z.unknown()),
    task_id: z.int().nullable(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int(),
    next_attempt_at: nullableTime.openapi({
      description:
        'Not sent before. A webhook also waits for those before it, and while its site fails. Null when it is not sent any more.',
    }),
    delivered_at: nullableTime,
    ...times,
  })
  .openapi('DeliveryRow')
const Exchange = z.object({
  at: z.string(),
  status: z.int().nullable(),
  answer: z.string(),
  ms: z.int(),
  method: z.string().optional(),
  path: z.string().optional(),
  request: z.string().optional(),
})
const Delivery = DeliveryRow.extend({ log: z.array(Exchange) }).openapi('Delivery')

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
    summary: "What the plugin's page in wp-admin shows of its site",
    description: 'Signed as a Standard Webhook by the site that it is about.',
    request: { params: SiteParam, ...jsonBody(OverviewRequest) },
    responses: { 200: answer('How the site and its tasks stand.', Overview) },
  }),
  actions: endpoint('public', {
    method: 'post',
    path: '/bridge/{site_id}/actions/',
    tags: ['wordpress'],
    summary: "What somebody asks for on the plugin's page in wp-admin",
    description: 'Signed as a Standard Webhook; one that was taken is not acted on again.',
    request: { params: SiteParam, ...jsonBody(BridgeAction) },
    responses: { 200: answer('Taken.', Taken) },
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
    summary: 'Webhooks to the plugins of sites, and attempts at posts, with how each went',
    description: 'Without their logs: get a delivery for `log`. Kept for 30 days.',
    request: { query: DeliveryQuery },
    responses: { 200: answer('A page of the list.', pageOf(DeliveryRow)) },
  }),
  delivery: endpoint('viewer', {
    method: 'get',
    path: '/publishing/deliveries/{id}/',
    tags: ['wordpress'],
    summary: 'A delivery with its log',
    description:
      'Each exchange with its request, answer and time in milliseconds; secrets are removed, and long ' +
      'bodies are cut.',
    request: { params: IdParam },
    responses: { 200: answer('The delivery.', Delivery) },
  }),
  replay: endpoint('editor', {
    method: 'post',
    path: '/publishing/deliveries/{id}/replay/',
    tags: ['wordpress'],
    summary: 'Send a webhook again, with the id that it had, or do anew what was done to a post',
    request: { params: IdParam },
    responses: { 200: answer('It is sent again.', Delivery), 202: accepted },
  }),
}

export function bridgeRoutes(deps: Deps) {
  const app = newRouter()
  const signer = async ({ req }: Context, { site_id }: z.infer<typeof SiteParam>) =>
    signingSite(deps, site_id, req.raw.headers, await req.text())
  app.openapi(routes.events, async (c) => {
    const site = await signer(c, c.req.valid('param'))
    const webhookId = c.req.header('webhook-id') ?? ''
    await takeEvent(deps, site, webhookId, c.req.valid('json'), c.get('requestId'))
    return c.json({ taken: true }, 200)
  })
  app.openapi(routes.overview, async (c) => {
    const site = await signer(c, c.req.valid('param'))
    return c.json(await overviewOf(deps, site, c.req.valid('json')), 200)
  })
  app.openapi(routes.actions, async (c) => {
    const site = await signer(c, c.req.valid('param'))
    const webhookId = c.req.header('webhook-id') ?? ''
    await takeAction(deps, site, webhookId, c.req.valid('json'), c.get('requestId'))
    return c.json({ taken: true }, 200)
  })
  app.openapi(routes.plugin, async (c) => {
    const { id } = c.req.valid('param')
    await deps.database.withAccount(callerOf(c).scope, (tx) => requireSite(tx, id), {
      readOnly: true,
    })
    c.header('content-disposition', 'attachment; filename="igny8-bridge.zip"')
    return c.body(await deps.pluginZip(), 200, { 'content-type': 'application/zip' })
  })
  app.openapi(routes.deliveries, async (c) => {
    const query = c.req.valid('query')
    const page = await deps.database.withAccount(
      callerOf(c).scope,
      (tx) => listDeliveries(tx, c.req.url, query),
      { readOnly: true },
    )
    return c.json(page, 200)
  })
  app.openapi(routes.delivery, async (c) => {
    const { id } = c.req.valid('param')
    const { scope } = callerOf(c)
    const delivery = await deps.database.withAccount(scope, (tx) => getDelivery(tx, id), {
      readOnly: true,
    })
    return c.json(delivery, 200)
  })
  app.openapi(routes.replay, async (c) => {
    const caller = callerOf(c)
    const { id } = c.req.valid('param')
    const { runId, delivery } = await deps.database.withAccount(caller.scope, async (tx) => ({
      runId: await replayDelivery(tx, deps, caller, id),
      delivery: await getDelivery(tx, id),
    }))
    return runId === undefined ? c.json(delivery, 200) : c.json({ task_id: runId }, 202)
  })
  return app
}
