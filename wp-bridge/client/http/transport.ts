import { createHash } from 'node:crypto'
import WPAPI from 'wpapi'
import { z } from 'zod'
import { REQUEST_RETRY_MS } from '../publish/retry-policy.ts'
import { failureOfFetch, isRefusal, WordPressError } from './errors.ts'
import { redactSecrets } from './redact-secrets.ts'
import { readResponse, type SiteResponse } from './response.ts'
import { sleep } from './sleep.ts'

/**
 * A fetch that checks where requests go, and limits their time and their bytes. Its errors may
 * carry `code`, `sent`, `problem` and `remedy`.
 */
export type Fetch = (
  url: string,
  /** `timeoutMs` covers the whole call, until the last byte of the response was read. */
  init?: RequestInit & { timeoutMs?: number },
) => Promise<Response>

export interface ApiOptions {
  fetch: Fetch
  /** From `discoverRestRoot`. */
  restRoot: string
  username: string
  appPassword: string
  /** Once it is aborted, every call throws its reason. */
  signal?: AbortSignal
}

export type Params = Record<string, string | number | string[]>

/** A file to upload, of a few megabytes at most. */
interface Upload {
  bytes: Uint8Array<ArrayBuffer>
  name: string
  mime_type: string
}

/**
 * WordPress’s REST API as one of its users. Paths are relative to the REST root, as in
 * `wp/v2/posts`. Every method throws WordPressError, or the reason of the signal.
 */
export interface WordPressApi {
  readonly restRoot: string
  readonly signal?: AbortSignal
  read<T>(path: string, schema: z.ZodType<T>, params?: Params): Promise<T>
  /** `total` includes objects that the user may not see. */
  list<T>(path: string, item: z.ZodType<T>, params: Params): Promise<{ items: T[]; total: number }>
  /** Sent once. The caller decides whether it may be repeated. */
  create<T>(path: string, schema: z.ZodType<T>, data: object): Promise<T>
  upload<T>(path: string, schema: z.ZodType<T>, file: Upload, fields: object): Promise<T>
  /**
   * For requests with the same result however often they are sent. Retried like a read, as is
   * `put`.
   */
  update<T>(path: string, schema: z.ZodType<T>, data: object): Promise<T>
  put<T>(path: string, schema: z.ZodType<T>, data: object): Promise<T>
  delete(path: string, params?: Params): Promise<void>
}

interface Exchange {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  headers?: Record<string, string>
  body?: BodyInit
}

/** Creates the API of one WordPress user. Sends nothing yet. */
export function connect(options: ApiOptions): WordPressApi {
  const { restRoot, signal } = options
  const site = new WPAPI({
    endpoint: restRoot,
    transport: {
      get: (request) => send(options, request.toString(), { method: 'GET' }),
      // The types declare only a callback, but the data comes first.
      post: (request, data: unknown) =>
        send(options, request.toString(), { method: 'POST', ...encode(data) }),
      put: (request, data: unknown) =>
        send(options, request.toString(), { method: 'PUT', ...encode(data) }),
      delete: (request) => send(options, request.toString(), { method: 'DELETE' }),
    },
  })
  const at = (path: string, params: Params = {}) => site.root(path).param(params)
  const get = (path: string, params?: Params): Promise<SiteResponse> =>
    retried(() => at(path, params).get(), signal)
  const post = (path: string, data: object): Promise<SiteResponse> => at(path).create(data)
  return {
    restRoot,
    signal,
    read: async (path, schema, params) => parse(await get(path, params), schema, path),
    async list(path, item, params) {
      const answer = await get(path, params)
      const items = parse(answer, z.array(item), path)
      return { items, total: Number(answer.headers.get('x-wp-total') ?? items.length) }
    },
    create: async (path, schema, data) => parse(await post(path, data), schema, path),
    upload: async (path, schema, file, fields) =>
      parse(await post(path, await encodeUpload(file, fields)), schema, path),
    update: async (path, schema, data) =>
      parse(await retried(() => post(path, data), signal, unlessRefused), schema, path),
    put: async (path, schema, data) =>
      parse(
        await retried((): Promise<SiteResponse> => at(path).update(data), signal, unlessRefused),
        schema,
        path,
      ),
    async delete(path, params) {
      await retried(() => at(path, params).delete(), signal)
    },
  }
}

/** A body that is already encoded. */
class Encoded {
  readonly headers: Record<string, string>
  readonly body: BodyInit
  constructor(headers: Record<string, string>, body: BodyInit) {
    this.headers = headers
    this.body = body
  }
}

function encode(data: unknown): Encoded {
  if (data instanceof Encoded) return data
  return new Encoded({ 'content-type': 'application/json' }, JSON.stringify(data))
}

/**
 * Multipart, like a browser upload, because firewalls accept it. WordPress checks `Content-MD5`.
 */
async function encodeUpload(file: Upload, fields: object): Promise<Encoded> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value))
  form.append('file', new Blob([file.bytes], { type: file.mime_type }), file.name)
  // As bytes, because a fetch may not accept the FormData of this runtime.
  const encoded = new Response(form)
  const headers = {
    'content-type': encoded.headers.get('content-type') ?? '',
    'content-md5': createHash('md5').update(file.bytes).digest('hex'),
  }
  return new Encoded(headers, new Uint8Array(await encoded.arrayBuffer()))
}

async function send(options: ApiOptions, url: string, exchange: Exchange): Promise<SiteResponse> {
  const { signal } = options
  const credentials = Buffer.from(`${options.username}:${options.appPassword}`).toString('base64')
  const origin = new URL(url).origin
  signal?.throwIfAborted()
  try {
    const response = await options.fetch(url, {
      ...exchange,
      headers: {
        accept: 'application/json',
        'cache-control': 'no-cache',
        ...exchange.headers,
        authorization: `Basic ${credentials}`,
      },
      redirect: 'manual',
      signal,
    })
    return await readResponse(response, origin, (text) => redactSecrets(text, options))
  } catch (error) {
    signal?.throwIfAborted()
    throw error instanceof WordPressError ? error : failureOfFetch(error, origin)
  }
}

const always = () => true
/** A refused write is for the caller to handle. */
const unlessRefused = (error: WordPressError) => !isRefusal(error)

async function retried<T>(
  ask: () => Promise<T>,
  signal: AbortSignal | undefined,
  mayRepeat: (error: WordPressError) => boolean = always,
): Promise<T> {
  for (const delay of REQUEST_RETRY_MS) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof WordPressError) || !error.retryable) throw error
      if (!mayRepeat(error)) throw error
      // A longer wait is left to the next attempt of the caller.
      if ((error.retryAfterMs ?? 0) > delay) throw error
      await sleep(delay, signal)
    }
  }
  return ask()
}

function parse<T>(answer: SiteResponse, schema: z.ZodType<T>, path: string): T {
  const parsed = schema.safeParse(answer.json)
  if (parsed.success) return parsed.data
  throw new WordPressError(
    {
      code: 'unexpected_answer',
      message: `The answer of WordPress to ${path} does not have the format of its REST API.`,
      remedy: 'Find the plugin that changes responses of the REST API, and deactivate it.',
      status: answer.status,
      outcome: 'unknown',
    },
    { cause: parsed.error },
  )
}
