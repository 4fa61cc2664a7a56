/** The length limit of WordPress's `post_name`. */
const MAX_SLUG = 200

/** A slug of letters of any script, digits and single hyphens; derived from the title if it would be empty. */
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
