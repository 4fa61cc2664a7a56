import { WordPressError } from '../http/errors.ts'
import { fetchPage } from '../http/fetch-page.ts'
import { knownPage } from '../http/foreign-page.ts'
import type { Fetch } from '../http/transport.ts'
import { holdsMarker } from './marker.ts'

/**
 * How much of a page is searched, in bytes. Themes put some hundred KB of styles and menus before
 * an article.
 */
const MAX_PAGE_BYTES = 2 * 1024 * 1024

export type Visibility = { seen: true } | { seen: false; reason: string }

/**
 * Whether visitors see the article: its address answers 200 with the marker of `key` in the page. A
 * redirect or a failed request is a reason, not an error.
 * @throws the reason of the signal
 */
export async function seenLive(
  fetch: Fetch,
  url: string,
  key: string,
  signal?: AbortSignal,
): Promise<Visibility> {
  try {
    const page = await fetchPage(fetch, url, { signal, maxBytes: MAX_PAGE_BYTES })
    const known = knownPage(page, new URL(url).origin)
    if (known) return unseen(known.message)
    if (page.status !== 200) return unseen(`${url} answers with status ${page.status}.`)
    const isShown = holdsMarker(page.text, key)
    return isShown ? { seen: true } : unseen(`${url} does not show the article.`)
  } catch (error) {
    if (error instanceof WordPressError) return unseen(error.message)
    throw error
  }
}

const unseen = (reason: string): Visibility => ({ seen: false, reason })
