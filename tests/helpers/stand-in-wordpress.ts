import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StandInRequest {
  method: string
  /** Below the host, without the query. */
  path: string
  /** Of a JSON body; of an upload its slug. */
  body: Record<string, unknown>
}

export interface StandInAnswer {
  status: number
  headers?: Record<string, string>
  /** An object is sent as JSON, a string as HTML. */
  body: string | object
}

/** What a site does to a request before WordPress answers it; undefined lets it through. */
export type Refuse = (request: StandInRequest) => StandInAnswer | undefined

export interface StandInWordPress {
  url: string
  /** `127.0.0.1:PORT`, for IGNY8_ALLOW_PRIVATE_SITES. */
  host: string
  requests: StandInRequest[]
  titles(): string[]
  refuse(next: Refuse): void
  /** What its addresses of posts and files begin with: its own URL by default. */
  addressWith(base: string): void
  stop(): Promise<void>
}

type Thing = Record<string, unknown> & { id: number }

/**
 * A hostile site: what a publication needs of WordPress's REST API, behind something that refuses what
 * it is told to. Real behaviour is tested on the real WordPress.
 */
export async function startStandInWordPress(): Promise<StandInWordPress> {
  const requests: StandInRequest[] = []
  const things: Record<string, Thing[]> = { posts: [], media: [], categories: [], tags: [] }
  let refuse: Refuse = () => undefined
  let base: string | undefined
  const server = http.createServer(async (message, response) => {
    const bytes = Buffer.concat(await message.toArray())
    const { pathname, searchParams } = new URL(message.url ?? '/', 'http://site')
    const isJson = message.headers['content-type'] === 'application/json'
    const slug = /name="slug"\s+([\w-]+)/.exec(bytes.toString('latin1'))?.[1]
    const body = isJson ? JSON.parse(bytes.toString() || '{}') : { slug }
    const request = { method: message.method ?? '', path: pathname, body }
    requests.push(request)
    const answer =
      refuse(request) ?? answerOf(request, things, base ?? url(), slugsIn(searchParams))
    const isPage = typeof answer.body === 'string'
    response.writeHead(answer.status, {
      'content-type': isPage ? 'text/html' : 'application/json',
      ...answer.headers,
    })
    response.end(isPage ? answer.body : JSON.stringify(answer.body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = () => `http://127.0.0.1:${port}`
  return {
    url: url(),
    host: `127.0.0.1:${port}`,
    requests,
    titles: () => things.posts!.map(({ title }) => (title as { raw: string }).raw),
    refuse(next) {
      refuse = next
    },
    addressWith(next) {
      base = next
    },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

const slugsIn = (query: URLSearchParams) =>
  [...query].filter(([name]) => name.startsWith('slug')).map(([, slug]) => slug)
const json = (status: number, body: object): StandInAnswer => ({ status, body })
const error = (status: number, code: string) =>
  json(status, { code, message: `It is ${code}.`, data: { status } })

function answerOf(
  { method, path, body }: StandInRequest,
  things: Record<string, Thing[]>,
  url: string,
  slugs: string[],
): StandInAnswer {
  if (path === '/wp-json/') {
    const endpoints = { authorization: `${url}/wp-admin/authorize-application.php` }
    const authentication = { 'application-passwords': { endpoints } }
    return json(200, { name: 'Stand-in', url, namespaces: ['wp/v2'], authentication })
  }
  if (path === '/wp-json/wp/v2/users/me') return json(200, USER)
  const [, kind = '', id] = /^\/wp-json\/wp\/v2\/(\w+)(?:\/(\d+))?/.exec(path) ?? []
  const list = things[kind]
  if (!list) return page(path, things)
  if (path.endsWith('/autosaves')) return json(200, [])
  const known = list.find((thing) => String(thing.id) === id)
  if (method === 'GET') {
    const isWanted = ({ slug }: Thing) => slugs.length === 0 || slugs.includes(String(slug))
    if (id === undefined) return json(200, list.filter(isWanted))
    return known ? json(200, known) : error(404, 'rest_post_invalid_id')
  }
  if (body.id !== undefined) return error(400, 'rest_post_exists')
  if (known) {
    const sent = { ...(known.sent as object), ...body }
    return json(200, Object.assign(known, shaped(kind, known.id, sent, url)))
  }
  const made = shaped(kind, list.length + 1, body, url)
  list.push(made)
  return json(201, made)
}

/** A post's page, or the front page. */
function page(path: string, things: Record<string, Thing[]>): StandInAnswer {
  const post = things.posts!.find(({ slug }) => path === `/${slug}/`)
  const content = (post?.content as { raw: string } | undefined)?.raw
  return { status: 200, body: `<link rel="https://api.w.org/" href="/wp-json/">${content ?? ''}` }
}

function shaped(kind: string, id: number, body: Record<string, unknown>, url: string): Thing {
  const sent = body
  if (kind === 'media') {
    const sizes = { width: 1200, height: 675 }
    return {
      id,
      sent,
      slug: body.slug,
      source_url: `${url}/f.webp`,
      alt_text: body.alt_text ?? '',
      media_details: sizes,
    }
  }
  if (kind !== 'posts') return { id, sent, name: body.name }
  const raw = (field: string) => ({ raw: String(body[field] ?? '') })
  const [status, slug] = [body.status ?? 'draft', String(body.slug ?? `post-${id}`)]
  return {
    ...{ id, sent, status, slug, link: `${url}/${slug}/`, date_gmt: '2026-01-01T00:00:00' },
    ...{ modified_gmt: '2026-01-01T00:00:00', title: raw('title'), content: raw('content') },
    ...{ excerpt: raw('excerpt'), featured_media: body.featured_media ?? 0 },
    ...{ categories: body.categories ?? [], tags: body.tags ?? [] },
  }
}

const USER = {
  id: 1,
  name: 'Editor',
  roles: ['editor'],
  capabilities: {
    edit_posts: true,
    publish_posts: true,
    upload_files: true,
    manage_categories: true,
    unfiltered_html: true,
  },
}
