import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { DELIVERY_KINDS, DELIVERY_STATES } from '../../db/schema/bridge.ts'
import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { pageOf } from '../http/lists.ts'
import {
  accepted,
  IdParam,
  jsonBody,
  jsonResponse,
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
        'The earliest time of the next attempt. A webhook also waits for earlier ones of its site, and while the site fails. Null if it will not be sent again.',
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
    summary: 'Receive an event from the plugin',
    description:
      'A change of a post, sent as a Standard Webhook and authenticated by its signature. A webhook that was ' +
      'already received gets a 200 and has no further effect.',
    request: { params: SiteParam, ...jsonBody(BridgeEvent) },
    responses: { 200: jsonResponse('The action was accepted.', Taken) },
  }),
  overview: endpoint('public', {
    method: 'post',
    path: '/bridge/{site_id}/overview/',
    tags: ['wordpress'],
    summary: 'Get the overview for the plugin',
    description:
      "The data of the plugin's page in wp-admin. The request is signed by the site as a Standard Webhook.",
    request: { params: SiteParam, ...jsonBody(OverviewRequest) },
    responses: { 200: jsonResponse('The state of the site and its tasks.', Overview) },
  }),
  actions: endpoint('public', {
    method: 'post',
    path: '/bridge/{site_id}/actions/',
    tags: ['wordpress'],
    summary: 'Receive an action from the plugin',
    description:
      "An action on the plugin's page in wp-admin, signed as a Standard Webhook. A webhook that was already received has no further effect.",
    request: { params: SiteParam, ...jsonBody(BridgeAction) },
    responses: { 200: jsonResponse('The action was accepted.', Taken) },
  }),
  plugin: endpoint('viewer', {
    method: 'get',
    path: '/auth/sites/{id}/wordpress/plugin.zip/',
    tags: ['wordpress'],
    summary: 'Download the bridge plugin',
    description: 'Install it in WordPress under Plugins → Add New → Upload Plugin.',
    request: { params: IdParam },
    responses: {
      200: { description: 'The plugin.', content: { 'application/zip': { schema: z.string() } } },
    },
  }),
  deliveries: endpoint('viewer', {
    method: 'get',
    path: '/publishing/deliveries/',
    tags: ['wordpress'],
    summary: 'List deliveries',
    description:
      'Webhooks to the plugin and attempts to publish, with their results. Get a delivery for its `log`. Deliveries are kept for 30 days.',
    request: { query: DeliveryQuery },
    responses: { 200: jsonResponse('A page of the list.', pageOf(DeliveryRow)) },
  }),
  delivery: endpoint('viewer', {
    method: 'get',
    path: '/publishing/deliveries/{id}/',
    tags: ['wordpress'],
    summary: 'Get a delivery',
    description:
      '`log` has each request with its response and time in milliseconds. Secrets are removed, and long bodies ' +
      'are truncated.',
    request: { params: IdParam },
    responses: { 200: jsonResponse('The delivery.', Delivery) },
  }),
  replay: endpoint('editor', {
    method: 'post',
    path: '/publishing/deliveries/{id}/replay/',
    tags: ['wordpress'],
    summary: 'Replay a delivery',
    description:
      'Sends a webhook again with the same ID, or repeats the operation on a post as a new run.',
    request: { params: IdParam },
    responses: { 200: jsonResponse('The webhook is sent again.', Delivery), 202: accepted },
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
