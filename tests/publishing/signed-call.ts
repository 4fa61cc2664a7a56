import { siteBridgeKeysContext } from '../../server/publishing/site-secrets.ts'
import { openSecrets } from '../../server/security/secrets.ts'
import { sign } from '../../wp-bridge/client/http/sign.ts'
import type { TestService } from '../helpers/service.ts'

/** The key that a site shares with its plugin, out of the service's database. */
export async function bridgeKeyOf({ sql }: TestService, siteId: number): Promise<string> {
  const [site] = await sql`select account_id, id, wp_bridge_keys from sites where id = ${siteId}`
  const secrets = await openSecrets(['a key that only the tests of this project ever use'])
  const sealedAt = siteBridgeKeysContext(Number(site!.account_id), Number(site!.id))
  return JSON.parse(await secrets.open(sealedAt, site!.wp_bridge_keys))[0].key
}

/** POSTs to a path below `/api/v1/`, signed as the plugin signs; text is sent as it is. */
export async function signedCall<T = { code?: string }>(
  service: TestService,
  path: string,
  body: unknown,
  { key, id = crypto.randomUUID() }: { key: string; id?: string | undefined },
): Promise<{ status: number; body: T }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const answer = await fetch(`${service.url}/api/v1/${path}`, {
    method: 'POST',
    headers: { ...(await sign(key, id, text)), 'content-type': 'application/json' },
    body: text,
  })
  return { status: answer.status, body: (await answer.json()) as T }
}
