import { MAX_ERROR_BYTES, readStart } from '../http/response.ts'
import type { Fetch } from '../http/transport.ts'

const TIMEOUT_MS = 15_000
/** https://xmlrpc-epi.sourceforge.net/specs/rfc.fault_codes.php has no word for it: WordPress says 403. */
const WRONG_PASSWORD = /<name>faultCode<\/name>\s*<value><int>403<\/int>/

/**
 * Whether a WordPress takes the password when it comes in the body, by XML-RPC: what a server does
 * to the Authorization header does not matter there. `unknown` where XML-RPC is turned off.
 * @throws the reason of the signal
 */
export async function passwordByXmlRpc(
  fetch: Fetch,
  site: { siteUrl: string; username: string; appPassword: string; signal?: AbortSignal },
): Promise<'accepted' | 'refused' | 'unknown'> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const response = await fetch(`${site.siteUrl.replace(/\/+$/, '')}/xmlrpc.php`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'text/xml' },
      body: call('wp.getUsersBlogs', [site.username, site.appPassword]),
      signal: site.signal ? AbortSignal.any([site.signal, timeout]) : timeout,
    })
    const text = await readStart(response, MAX_ERROR_BYTES)
    if (!text.includes('<methodResponse>')) return 'unknown'
    if (WRONG_PASSWORD.test(text)) return 'refused'
    return text.includes('<fault>') ? 'unknown' : 'accepted'
  } catch {
    site.signal?.throwIfAborted()
    return 'unknown'
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
