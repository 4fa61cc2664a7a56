import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import { eq } from 'drizzle-orm'
import type { Context } from 'hono'
import type { Tx } from '../../db/database.ts'
import type { Deps } from '../deps.ts'
import { audit, type ObjectName, type ObjectType } from '../observability/audit.ts'
import type { Caller, MinimumRole } from './caller.ts'
import { changesOnly } from './changes-only.ts'
import type { Collection, Row, Texts } from './collection.ts'
import { type AppEnv, callerOf, endpoint } from './endpoint.ts'
import { requireMatch, respondTagged } from './entity-tag.ts'
import { pageOf } from './lists.ts'
import { problemFromZod } from './problem.ts'
import { accepted, IdParam, jsonBody, jsonResponse } from './schemas.ts'

export const IfMatch = z.object({
  'if-match': z.string().max(1000).optional().openapi({
    description:
      'The ETag of the object as you read it. The request fails with 412 if the object has changed since.',
  }),
})
export const IfNoneMatch = z.object({
  'if-none-match': z.string().max(1000).optional().openapi({
    description: 'The ETag of your copy. The response is 304 if the object has not changed.',
  }),
})

/**
 * Serves a collection: list, get, and whichever of create, put, patch and delete it declares. Each write
 * is one transaction with its audit entry; `If-Match` is checked in it, with the object locked.
 */
export function crud<R extends Row, Query extends object, New, Change>(
  app: OpenAPIHono<AppEnv>,
  deps: Deps,
  collection: Collection<R, Query, New, Change>,
): void {
  serveReads(app, deps, collection)
  serveCreate(app, deps, collection)
  serveUpdates(app, deps, collection)
  serveRemove(app, deps, collection)
}

/** The validated parts of a request, as a handler receives them. */
type Valid<Query, Body> = { id: number; query: Query; body: Body }

function serveReads<R extends Row, Query extends object, New, Change>(
  app: OpenAPIHono<AppEnv>,
  { database }: Deps,
  collection: Collection<R, Query, New, Change>,
): void {
  const { path, tag, name, row, read: role = 'viewer', list, get, getTool: tool } = collection
  const read = { readOnly: true }
  serve<Query, never>(
    app,
    role,
    {
      ...declared('get', path, tag, list),
      request: { query: list.query },
      responses: { 200: jsonResponse('One page of the list.', pageOf(list.row ?? row)) },
    },
    async (c, { query }) => {
      const { scope } = callerOf(c)
      const page = await database.withAccount(scope, (tx) => list.run(tx, c.req.url, query), read)
      return c.json(page, 200)
    },
  )
  serve<never, never>(
    app,
    role,
    {
      ...declared('get', `${path}{id}/`, tag, { summary: `Get ${withArticle(name)}`, tool }),
      request: { params: IdParam, headers: IfNoneMatch },
      responses: {
        200: jsonResponse(`The ${name}; its ETag is in the header.`, row),
        304: { description: 'Your copy is current.' },
      },
    },
    async (c, { id }) => {
      const found = await database.withAccount(callerOf(c).scope, (tx) => get(tx, id), read)
      return respondTagged(c, found)
    },
  )
}

function serveCreate<R extends Row, Query extends object, New, Change>(
  app: OpenAPIHono<AppEnv>,
  deps: Deps,
  { path, tag, name, write, row, get, create }: Collection<R, Query, New, Change>,
): void {
  if (!create) return
  serve<never, New>(
    app,
    write,
    {
      ...declared('post', path, tag, create),
      request: jsonBody(create.body),
      responses: { 201: jsonResponse(`The ${name}.`, row) },
    },
    async (c, { body }) => {
      const caller = callerOf(c)
      const input = create.prepare ? await create.prepare(body) : body
      const created = await writing(deps, caller, write, async (tx) => {
        const id = await create.run(tx, caller, input)
        await auditWrite(tx, caller, name, 'created', id)
        return get(tx, id)
      })
      return respondTagged(c, created, 201)
    },
  )
}

function serveUpdates<R extends Row, Query extends object, New, Change>(
  app: OpenAPIHono<AppEnv>,
  deps: Deps,
  collection: Collection<R, Query, New, Change>,
): void {
  const { path, tag, name, write, row, get, update } = collection
  if (!update) return
  const readOne = (c: Context<AppEnv>) => readNow(deps, callerOf(c), (tx) => get(tx, idIn(c)))
  for (const method of ['put', 'patch'] as const) {
    serve<never, Change>(
      app,
      write,
      {
        ...declared(method, `${path}{id}/`, tag, described(update, method === 'put' ? PUT : '')),
        middleware: method === 'put' ? [changesOnly(readOne, update.body.shape)] : [],
        request: { params: IdParam, headers: IfMatch, ...jsonBody(update.body) },
        responses: {
          200: jsonResponse(`The ${name}.`, row),
          ...(update.wait && { 202: accepted }),
        },
      },
      async (c, { id, body }) => {
        const caller = callerOf(c)
        const [updated, outcome] = await writing(deps, caller, write, async (tx) => {
          const before = await matched(tx, collection, id, c.req.header('if-match'))
          const outcome = await update.run(tx, caller, before, body)
          const detail = { fields: Object.keys(body as object) }
          await auditWrite(tx, caller, name, 'updated', id, detail)
          return [await get(tx, id), outcome] as const
        })
        if (!update.wait || typeof outcome !== 'number') return respondTagged(c, updated)
        const late = await update.wait(caller, outcome)
        if (late !== undefined) return c.json({ task_id: late }, 202)
        return respondTagged(c, await readNow(deps, caller, (tx) => get(tx, id)))
      },
    )
  }
}

function readNow<T>(
  { database }: Deps,
  { scope }: Caller,
  get: (tx: Tx) => Promise<T>,
): Promise<T> {
  return database.withAccount(scope, get, { readOnly: true })
}

function serveRemove<R extends Row, Query extends object, New, Change>(
  app: OpenAPIHono<AppEnv>,
  deps: Deps,
  collection: Collection<R, Query, New, Change>,
): void {
  const { path, tag, name, write, remove } = collection
  if (!remove) return
  serve<never, never>(
    app,
    write,
    {
      ...declared('delete', `${path}{id}/`, tag, remove),
      request: { params: IdParam, headers: IfMatch },
      responses: { 204: { description: 'Deleted.' } },
    },
    async (c, { id }) => {
      const caller = callerOf(c)
      await writing(deps, caller, write, async (tx) => {
        const before = await matched(tx, collection, id, c.req.header('if-match'))
        await remove.run(tx, caller, before)
        await auditWrite(tx, caller, name, 'deleted', id)
      })
      return c.body(null, 204)
    },
  )
}

/** Objects that platform staff write belong to no account. */
function writing<T>(
  { database }: Deps,
  { scope }: Caller,
  write: MinimumRole,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  return write === 'staff' ? database.withStaff(scope, fn) : database.withAccount(scope, fn)
}

/** Locks the object before a write and checks `If-Match`, if it was sent. */
async function matched<R extends Row, Query extends object, New, Change>(
  tx: Tx,
  { table, get, lock }: Collection<R, Query, New, Change>,
  id: number,
  ifMatch: string | undefined,
): Promise<R> {
  if (ifMatch !== undefined) {
    if (lock) await lock(tx, id)
    else await tx.select({ id: table.id }).from(table).where(eq(table.id, id)).for('update')
  }
  const before = await get(tx, id)
  await requireMatch(ifMatch, before)
  return before
}

async function auditWrite(
  tx: Tx,
  caller: Caller,
  name: ObjectName,
  verb: 'created' | 'updated' | 'deleted',
  id: number,
  detail: Record<string, unknown> = {},
) {
  const type = name.toLowerCase().replaceAll(' ', '_') as ObjectType
  await audit(tx, caller, `${type}.${verb}`, { object: { type, id }, detail })
}

/** The id in the path, read before the request is validated. */
function idIn(c: Context<AppEnv>): number {
  const { data, error } = IdParam.safeParse(c.req.param())
  if (error) throw problemFromZod(error)
  return data.id
}

const PUT = 'You can send the whole object as you read it: read-only fields are ignored.'

const declared = (method: RouteConfig['method'], path: string, tag: string, texts: Texts) => ({
  method,
  path,
  tags: [tag],
  summary: texts.summary,
  ...(texts.description && { description: texts.description }),
  // Only PATCH becomes a tool, because PUT takes the whole object.
  ...(texts.tool && method !== 'put' && { 'x-mcp-tool': { name: texts.tool } }),
})

const described = ({ description = '', ...texts }: Texts, more: string): Texts => ({
  ...texts,
  description: [description.trim(), more].filter(Boolean).join(' '),
})

const withArticle = (name: string) => `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`

/** Casts the route: the router wants literals, but a collection has values. */
function serve<Query, Body>(
  app: OpenAPIHono<AppEnv>,
  role: MinimumRole,
  config: RouteConfig,
  handle: (c: Context<AppEnv>, valid: Valid<Query, Body>) => Promise<Response>,
): void {
  app.openapi(endpoint(role, config), (c) => {
    const part = (name: 'param' | 'query' | 'json') => c.req.valid(name as never) as unknown
    const { id } = (part('param') ?? {}) as { id: number }
    return handle(c, { id, query: part('query') as Query, body: part('json') as Body })
  })
}
