import type { z } from 'zod'
import { parseJson } from '../../wp-bridge/client/http/parse-json.ts'
import type { EgressInit } from '../egress/egress.ts'
import { GoogleError, googleError, googleFailure } from './google-error.ts'
import type { GoogleUrls } from './google-urls.ts'

const TIMEOUT_MS = 60_000
/** 25,000 queries of some hundred bytes each. */
const MAX_ANSWER_BYTES = 50 * 1024 * 1024

/** What a call to Google needs. */
export type Google = {
  urls: GoogleUrls
  /** The guarded client. */
  fetch: (url: string, init?: EgressInit) => Promise<Response>
  signal: AbortSignal
}

/**
 * Calls one endpoint. Throws a `GoogleError`, or the reason of the signal when the caller aborted.
 */
export async function callGoogle<T>(
  { fetch, signal }: Google,
  url: string,
  init: Pick<RequestInit, 'method' | 'headers' | 'body'>,
  schema: z.ZodType<T>,
): Promise<T> {
  const limits = { signal, timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES }
  const { status, text } = await fetch(url, { ...init, ...limits })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch((error: unknown) => {
      throw googleFailure(error)
    })
  const body = parseJson(text)
  if (status < 200 || status > 299) throw googleError(status, body)
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new GoogleError(
    'gsc_bad_answer',
    'Google sent a response that igny8 cannot read. Try again later.',
  )
}
