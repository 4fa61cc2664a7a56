import { failureOfFetch } from './errors.ts'
import type { Page } from './foreign-page.ts'
import type { Fetch } from './transport.ts'

/** Milliseconds. */
const TIMEOUT_MS = 15_000
/** Bytes. */
const START_BYTES = 64 * 1024

/**
 * Sends a request without credentials and reads the first `maxBytes` of the response. Does not
 * follow redirects.
 * @throws WordPressError for a failed request, or the reason of the signal
 */
export async function fetchPage(
  fetch: Fetch,
  url: string,
  { maxBytes = START_BYTES, ...init }: RequestInit & { maxBytes?: number },
): Promise<Page> {
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', timeoutMs: TIMEOUT_MS })
    const { status, headers } = response
    return { url, status, headers, text: await readStart(response, maxBytes) }
  } catch (error) {
    init.signal?.throwIfAborted()
    throw failureOfFetch(error, new URL(url).origin)
  }
}

async function readStart(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let room = maxBytes
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk.subarray(0, room), { stream: true })
    room -= chunk.byteLength
    // Leaving the loop cancels the rest.
    if (room < 0) return text
  }
  return text + decoder.decode()
}
