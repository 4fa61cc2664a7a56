import { failureOfFetch } from '../http/errors.ts'
import { knownPage } from '../http/foreign-page.ts'
import { MAX_ERROR_BYTES, readStart } from '../http/response.ts'
import type { Fetch } from '../http/transport.ts'
import { holdsMarker } from './marker.ts'

/** What is looked at of a page, in bytes: themes put some hundred KB of styles and menus before an article. */
const MAX_PAGE_BYTES = 2 * 1024 * 1024

export type Visibility = { seen: true } | { seen: false; reason: string }

/**
 * Whether a visitor is shown the article: its address answers 200 with the marker of `key` in the
 * page. A redirect or a failed request is a reason, not an error.
 * @throws the reason of the signal
 */
export async function seenLive(
  fetch: Fetch,
  url: string,
  key: string,
  options: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<Visibility> {
  const { signal, timeoutMs = 15_000 } = options
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    const { status, headers } = response
    const page = await readStart(response, response.ok ? MAX_PAGE_BYTES : MAX_ERROR_BYTES)
    const known = knownPage({ status, headers, text: page }, new URL(url).origin)
    if (known) return unseen(known.message)
    if (status !== 200) return unseen(`${url} answers with status ${status}.`)
    return holdsMarker(page, key) ? { seen: true } : unseen(`${url} does not show the article.`)
  } catch (error) {
    signal?.throwIfAborted()
    return unseen(failureOfFetch(error, new URL(url).origin).message)
  }
}

const unseen = (reason: string): Visibility => ({ seen: false, reason })
