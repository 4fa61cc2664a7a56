import { WordPressError } from '../http/errors.ts'
import { fetchPage } from '../http/fetch-page.ts'
import { withSlash } from '../http/site-address.ts'
import type { Fetch } from '../http/transport.ts'

/**
 * The code that WordPress uses. https://xmlrpc-epi.sourceforge.net/specs/rfc.fault_codes.php
 * defines none.
 */
const WRONG_PASSWORD = /<name>faultCode<\/name>\s*<value><int>403<\/int>/

/**
 * Whether WordPress accepts the password in the body of an XML-RPC request, where the Authorization
 * header does not matter. `unknown` if XML-RPC is turned off.
 * @throws the reason of the signal
 */
export async function passwordByXmlRpc(
  fetch: Fetch,
  site: { siteUrl: string; username: string; appPassword: string; signal?: AbortSignal },
): Promise<'accepted' | 'refused' | 'unknown'> {
  try {
    const { text } = await fetchPage(fetch, `${withSlash(site.siteUrl)}xmlrpc.php`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body: call('wp.getUsersBlogs', [site.username, site.appPassword]),
      signal: site.signal,
    })
    if (!text.includes('<methodResponse>')) return 'unknown'
    if (WRONG_PASSWORD.test(text)) return 'refused'
    return text.includes('<fault>') ? 'unknown' : 'accepted'
  } catch (error) {
    if (error instanceof WordPressError) return 'unknown'
    throw error
  }
}

function call(method: string, strings: string[]): string {
  const parameters = strings.map(
    (text) => `<param><value><string>${escaped(text)}</string></value></param>`,
  )
  return `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${parameters.join('')}</params></methodCall>`
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
