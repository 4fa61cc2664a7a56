/** As long as WordPress's `post_name` keeps. */
const MAX_SLUG = 200

/** A post's slug of letters of any script, digits and single hyphens; the title's when that is empty. */
export function postSlug(slug: string, title: string): string {
  return hyphenated(slug) || hyphenated(title)
}

function hyphenated(text: string): string {
  const slug = text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-/, '')
  return Array.from(slug).slice(0, MAX_SLUG).join('').replace(/-$/, '')
}
