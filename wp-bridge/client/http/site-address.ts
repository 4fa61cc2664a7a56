import { z } from 'zod'

/**
 * An address as a site gives it, made absolute: some plugins make addresses relative to the site.
 * Null for one that is not on http(s).
 */
export function siteAddress(given: string, base: string): string | null {
  const url = given === '' ? null : URL.parse(given, base)
  return url && /^https?:$/.test(url.protocol) ? url.href : null
}

export function withSlash(url: string): string {
  return url.replace(/\/?$/, '/')
}

/** The address of a post or a file in an answer of the site. */
export function addressOf({ restRoot }: { restRoot: string }) {
  return z.string().transform((given, context) => {
    const address = siteAddress(given, restRoot)
    if (address !== null) return address
    context.addIssue(`not an address on http(s): ${given}`)
    return z.NEVER
  })
}
