import { z } from 'zod'

/**
 * Makes an address from a site absolute, since some plugins return relative ones. Returns null for
 * an address that is not http(s).
 */
export function siteAddress(given: string, base: string): string | null {
  const url = given === '' ? null : URL.parse(given, base)
  return url && /^https?:$/.test(url.protocol) ? url.href : null
}

export function withSlash(url: string): string {
  return url.replace(/\/?$/, '/')
}

/** The address of a post or a file in a response of the site. */
export function addressOf({ restRoot }: { restRoot: string }) {
  return z.string().transform((given, context) => {
    const address = siteAddress(given, restRoot)
    if (address !== null) return address
    context.addIssue(`not an address on http(s): ${given}`)
    return z.NEVER
  })
}
