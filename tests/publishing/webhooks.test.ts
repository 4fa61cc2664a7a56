import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import postgres, { type Sql } from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Database, openDatabase } from '../../db/database.ts'
import { WORKER_LIMITS } from '../../db/limits.ts'
import { Pool } from '../../db/pool.ts'
import { sendDeliveries } from '../../jobs/scheduled/send-deliveries.ts'
import type { WorkerDeps } from '../../jobs/steps/step.ts'
import type { Deps } from '../../server/deps.ts'
import { systemCaller } from '../../server/identity/system-caller.ts'
import { intendBridgeKey } from '../../server/publishing/bridge-keys.ts'
import { enqueueSiteWebhook, replayDelivery } from '../../server/publishing/deliveries.ts'
import { openSecrets, type Secrets } from '../../server/security/secrets.ts'
import { cloneTemplate } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'

let sql: Sql
let database: Database
let secrets: Secrets
let deps: WorkerDeps
const plugins: Server[] = []
const stopping = new AbortController()
beforeAll(async () => {
  const url = await cloneTemplate(inject('postgresUrl'))
  sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql`update plans set max_sites = 1000`
  database = openDatabase(new Pool(url, { size: 4 }), WORKER_LIMITS)
  secrets = await openSecrets(['a key that only the tests of this project ever use'])
  const logger = { info() {}, warn() {}, error: console.error }
  deps = { database, secrets, fetch, logger } as unknown as WorkerDeps
})
afterEach(async () => {
  await sql`update wordpress_deliveries set next_attempt_at = null`
})
afterAll(async () => {
  stopping.abort()
  for (const plugin of plugins) {
    plugin.close()
    plugin.closeAllConnections()
  }
  await database?.close()
  await sql?.end()
})

type Taken = { id: string; name: string }
type Answer = number | 'hang'
type Plugin = {
  accountId: number
  siteId: number
  /** What arrived, in order. */
  taken: Taken[]
  answer: (taken: Taken) => Answer
  /** How many requests were open at once, at most. */
  most: number
}

let accounts = 0
async function newAccount(): Promise<number> {
  const [account] = await sql`insert into accounts (name, slug, plan_id)
    select 'A', ${`a-${++accounts}`}, min(id) from plans returning id::int`
  return account!.id
}

/** A site whose plugin answers as it is told. */
async function newPlugin(accountId: number, answer: Plugin['answer']): Promise<Plugin> {
  const plugin: Plugin = { accountId, siteId: 0, taken: [], answer, most: 0 }
  let open = 0
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    plugin.most = Math.max(plugin.most, ++open)
    response.on('close', () => open--)
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString())
    const taken = { id: String(request.headers['webhook-id']), name: body.name }
    plugin.taken.push(taken)
    const status = plugin.answer(taken)
    if (status !== 'hang') response.writeHead(status).end('{}')
  }).listen(0, '127.0.0.1')
  plugins.push(server)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const restRoot = `http://127.0.0.1:${port}/wp-json/`
  const [site] = await sql`insert into sites (account_id, name, slug, wp_rest_root)
    values (${accountId}, 'Blog', ${`blog-${port}`}, ${restRoot}) returning id::int`
  plugin.siteId = site!.id
  const { siteId } = plugin
  await database.withAccount({ accountId }, (tx) =>
    intendBridgeKey(tx, secrets, { accountId, siteId }, { restRoot, rotate: false }),
  )
  return plugin
}

/** Has so many webhooks wait for a site, named by their number. */
async function due({ accountId, siteId }: Plugin, n: number): Promise<void> {
  await sql`insert into wordpress_deliveries (account_id, site_id, type, payload)
    select ${accountId}, ${siteId}, 'task.updated', jsonb_build_object('name', n::text)
    from generate_series(1, ${n}) as n order by n`
}

const send = () => sendDeliveries(deps, stopping.signal)
const names = (plugin: Plugin) => plugin.taken.map(({ name }) => Number(name))
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)
const siteOf = async ({ siteId }: Plugin) =>
  (await sql`select *, wp_webhooks_try_at > now() as waits from sites where id = ${siteId}`)[0]!
const tryNow = ({ siteId }: Plugin) =>
  sql`update sites set wp_webhooks_try_at = now() - interval '1 second' where id = ${siteId}`
/** Has the webhook of that name sent again, as `POST …/replay/` does. */
async function replay({ accountId, siteId }: Plugin, name: number): Promise<void> {
  const [{ id }] = await sql<[{ id: number }]>`select id::int from wordpress_deliveries
    where site_id = ${siteId} and payload ->> 'name' = ${String(name)}`
  await database.withAccount({ accountId }, (tx) =>
    replayDelivery(tx, {} as Deps, systemCaller(accountId), id),
  )
}
const statesOf = async ({ siteId }: Plugin) =>
  Object.fromEntries(
    (
      await sql`select state, count(*)::int as n from wordpress_deliveries
        where site_id = ${siteId} group by state`
    ).map(({ state, n }) => [state, n]),
  )
const auditOf = async ({ siteId }: Plugin) =>
  (
    await sql`select action from audit_log where object_type = 'site' and object_id = ${siteId}
      order by id`
  ).map(({ action }) => action)

describe('webhooks', () => {
  it('are sent to a site in order, one at a time', async () => {
    const plugin = await newPlugin(await newAccount(), () => 200)
    await due(plugin, 40)
    await send()
    expect(names(plugin)).toEqual(upTo(40))
    expect(plugin.most).toBe(1)
    expect(await statesOf(plugin)).toEqual({ delivered: 40 })
  })

  it('cost a failing site one attempt, however many wait, and then continue in order', async () => {
    const plugin = await newPlugin(await newAccount(), () => 503)
    await due(plugin, 1_000)
    await send()
    await send()
    expect(names(plugin)).toEqual([1])
    expect(await siteOf(plugin)).toMatchObject({ wp_webhooks_failures: 1, waits: true })
    await tryNow(plugin)
    await send()
    expect(names(plugin)).toEqual([1, 1])
    plugin.answer = () => 200
    await sql`update wordpress_deliveries set next_attempt_at = null
      where site_id = ${plugin.siteId} and (payload ->> 'name')::int > 20`
    await tryNow(plugin)
    await send()
    expect(names(plugin)).toEqual([1, 1, ...upTo(20)])
    expect(new Set(plugin.taken.slice(0, 3).map(({ id }) => id)).size).toBe(1)
    const working = { wp_webhooks_failures: 0, wp_webhooks_failing_since: null, waits: false }
    expect(await siteOf(plugin)).toMatchObject(working)
  })

  it('are sent one at a time to a site that works again, however long its turn takes', async () => {
    const plugin = await newPlugin(await newAccount(), () => 503)
    await due(plugin, 3)
    await send()
    await tryNow(plugin)
    plugin.answer = ({ name }) => (name === '2' ? 'hang' : 200)
    const stop = new AbortController()
    const sending = sendDeliveries(deps, stop.signal)
    await until(() => plugin.taken.length === 3, { what: 'the webhook that hangs' })
    expect(await siteOf(plugin)).toMatchObject({ wp_webhooks_failures: 0, waits: true })
    stop.abort()
    await sending
    expect(names(plugin)).toEqual([1, 1, 2])
  })

  it('arrive while the sites of another account hang, of which only a few are tried at once', async () => {
    const hanging = await newAccount()
    const dead = await Promise.all(upTo(12).map(() => newPlugin(hanging, () => 'hang')))
    for (const plugin of dead) await due(plugin, 50)
    const alive = await newPlugin(await newAccount(), () => 200)
    await due(alive, 25)
    const stop = new AbortController()
    const sending = sendDeliveries(deps, stop.signal)
    await expect.poll(() => statesOf(alive), { timeout: 30_000 }).toEqual({ delivered: 25 })
    expect(dead.filter(({ taken }) => taken.length > 0)).toHaveLength(5)
    await due(alive, 1)
    await expect.poll(() => statesOf(alive), { timeout: 30_000 }).toEqual({ delivered: 26 })
    expect(dead.filter(({ taken }) => taken.length > 0).length).toBeLessThan(12)
    stop.abort()
    await sending
    expect(await siteOf(dead[0]!)).toMatchObject({ wp_webhooks_failures: 0 })
  }, 60_000)

  it('count an unexpected error as a failed attempt, and log it', async () => {
    const plugin = await newPlugin(await newAccount(), () => 200)
    await due(plugin, 1)
    const open = () => Promise.reject(new Error('broken'))
    const logger = { ...deps.logger, error() {} }
    await sendDeliveries({ ...deps, logger, secrets: { ...secrets, open } }, stopping.signal)
    expect(await siteOf(plugin)).toMatchObject({ wp_webhooks_failures: 1, waits: true })
    const [row] = await sql`select log from wordpress_deliveries where site_id = ${plugin.siteId}`
    expect(row!.log).toMatchObject([{ answer: expect.stringContaining('Something failed') }])
  })

  it('pass one that the site refuses repeatedly', async () => {
    const plugin = await newPlugin(await newAccount(), ({ name }) => (name === '2' ? 400 : 200))
    await due(plugin, 5)
    for (let n = 0; n < 4; n++) {
      await send()
      await tryNow(plugin)
    }
    expect(names(plugin)).toEqual([1, 2, 2, 2, 3, 4, 5])
    expect(await statesOf(plugin)).toEqual({ delivered: 4, pending: 1 })
  })

  it('end at once for a site whose plugin is gone, until a replay arrives', async () => {
    const plugin = await newPlugin(await newAccount(), () => 410)
    await due(plugin, 10)
    await send()
    expect(names(plugin)).toEqual([1])
    expect(await statesOf(plugin)).toEqual({ failed: 10 })
    expect(await siteOf(plugin)).toMatchObject({
      wp_webhooks_disabled_at: expect.any(Date),
      wp_webhooks_disabled_reason: {
        code: 'webhooks_gone',
        message: expect.stringContaining('check the site'),
      },
    })
    const { accountId, siteId } = plugin
    await database.withAccount({ accountId }, (tx) => enqueueSiteWebhook(tx, 'site.paused', siteId))
    await tryNow(plugin)
    await send()
    expect(await statesOf(plugin)).toEqual({ failed: 11 })
    expect(plugin.taken).toHaveLength(1)
    plugin.answer = () => 200
    await sql`update sites set wp_webhooks_try_at = now() + interval '12 hours' where id = ${siteId}`
    await replay(plugin, 1)
    await send()
    expect(plugin.taken).toHaveLength(2)
    expect(await siteOf(plugin)).toMatchObject({
      wp_webhooks_disabled_at: null,
      wp_webhooks_disabled_reason: null,
    })
    expect(await auditOf(plugin)).toEqual(['site.webhooks_disabled', 'site.webhooks_enabled'])
  })

  it('fail after three days, and all of them when the site has failed for five', async () => {
    const plugin = await newPlugin(await newAccount(), () => 502)
    await due(plugin, 10)
    await sql`update wordpress_deliveries set next_attempt_at = now() - interval '73 hours'
      where site_id = ${plugin.siteId} and (payload ->> 'name')::int <= 4`
    await send()
    expect(await statesOf(plugin)).toEqual({ failed: 4, pending: 6 })
    await sql`update sites set wp_webhooks_failing_since = now() - interval '119 hours'
      where id = ${plugin.siteId}`
    await tryNow(plugin)
    await send()
    expect(await siteOf(plugin)).toMatchObject({ wp_webhooks_disabled_at: null })
    await sql`update sites set wp_webhooks_failing_since = now() - interval '121 hours'
      where id = ${plugin.siteId}`
    await tryNow(plugin)
    await send()
    expect(await siteOf(plugin)).toMatchObject({
      wp_webhooks_disabled_reason: { code: 'webhooks_failing' },
    })
    expect(await statesOf(plugin)).toEqual({ failed: 10 })
  })

  it('count failures from a later one once earlier ones have expired', async () => {
    const plugin = await newPlugin(await newAccount(), () => 502)
    await due(plugin, 1)
    await sql`update wordpress_deliveries set next_attempt_at = now() - interval '73 hours'
      where site_id = ${plugin.siteId}`
    await send()
    expect(await statesOf(plugin)).toEqual({ failed: 1 })
    expect(await siteOf(plugin)).toMatchObject({
      wp_webhooks_failing_since: null,
      wp_webhooks_failures: 0,
    })
  })

  it('are retried for three days when a site refuses them', async () => {
    const plugin = await newPlugin(await newAccount(), () => 400)
    await due(plugin, 1)
    let hours = 0
    for (let state = 'pending'; state === 'pending'; ) {
      await sql`update wordpress_deliveries set next_attempt_at = now() where site_id = ${plugin.siteId}`
      await tryNow(plugin)
      await send()
      const [sent] = await sql`select state, greatest(
          extract(epoch from next_attempt_at - now())::float / 3600, 0) as hours
        from wordpress_deliveries where site_id = ${plugin.siteId}`
      state = sent!.state
      hours += sent!.hours ?? 0
    }
    expect(hours).toBeGreaterThan(71.9)
    expect(hours).toBeLessThan(84)
  })
})
