import { WordPressError } from '../http/errors.ts'
import type { Post } from './find-post.ts'

/** The tags of `$allowedposttags` in WordPress's kses.php, 6.1 to 6.5. */
const ALLOWED = new Set(
  `a abbr acronym address area article aside audio b bdo big blockquote br button caption cite code col
  colgroup dd del details dfn div dl dt em fieldset figcaption figure font footer h1 h2 h3 h4 h5 h6
  header hgroup hr i img ins kbd label legend li main map mark menu nav object ol p pre q rb rp rt rtc
  ruby s samp section small span strike strong sub summary sup table tbody td textarea tfoot th thead
  title tr track tt u ul var video`.split(/\s+/),
)
const TAG = /<([a-z][a-z0-9-]*)((?:"[^"]*"|'[^']*'|[^'">])*)/gi
const QUOTED = /"[^"]*"|'[^']*'/g
const HANDLER = /(?:^|[\s"/])(on[a-z]+)\s*=/i

/**
 * Refuses to write to a post with HTML that WordPress removes whenever this user saves it, even if
 * only the status is sent. A user with `unfiltered_html` has added that HTML.
 * @throws WordPressError `holds_unfiltered_html`
 */
export function refuseFiltered({ id, content, _links: links }: Post): void {
  // Without links it is not known what the user may do.
  if (!links || 'wp:action-unfiltered-html' in links) return
  const lost = filteredIn(content.raw)
  if (lost.length === 0) return
  throw new WordPressError({
    code: 'holds_unfiltered_html',
    message: `The post ${id} contains HTML that WordPress removes when igny8’s user saves the post (${lost.join(', ')}). igny8 did not change the post.`,
    remedy:
      'Link the site as a user with the capability unfiltered_html (an Editor; in a multisite network, a Super Admin), or remove that HTML.',
  })
}

/** The tags and event handlers in `html` that WordPress’s filter removes, each once. */
export function filteredIn(html: string): string[] {
  const found = Array.from(html.matchAll(TAG), ([, tag, attributes]) => {
    const name = tag!.toLowerCase()
    if (!ALLOWED.has(name)) return `<${name}>`
    return HANDLER.exec(attributes!.replace(QUOTED, '""'))?.[1]?.toLowerCase()
  })
  return [...new Set(found.filter((one) => one !== undefined))]
}
