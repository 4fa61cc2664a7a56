const MAX_SLUG = 80

/** The slugs of the system account. No other account can have them. */
export const SYSTEM_ACCOUNT_SLUGS = ['aws-admin', 'default-account', 'default']

/** A name as lowercase ASCII, never empty: `Café Zürich` → `cafe-zurich`. */
export function slugOf(name: string, otherwise: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, MAX_SLUG)
  return slug.replace(/-$/, '') || otherwise
}

/** `slug`, or the first of `slug-2`, `slug-3` … that is free. */
export function freeSlug(slug: string, taken: Set<string>): string {
  if (!taken.has(slug)) return slug
  for (let number = 2; ; number++) {
    if (!taken.has(`${slug}-${number}`)) return `${slug}-${number}`
  }
}
