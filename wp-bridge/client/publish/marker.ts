/**
 * The class that marks the first block of an article. It is a safe CSS class, and WordPress’s
 * filters keep it for users without `unfiltered_html`.
 * @param key lower-case letters, digits and single dashes, unique among all articles
 * @throws TypeError for another key
 */
export function marker(key: string): string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(key)) throw new TypeError(`not a key for a marker: ${key}`)
  return `igny8-${key}`
}

/** Whether `html` contains the marker of `key` as a whole word: `igny8-1` is not in `igny8-12`. */
export function holdsMarker(html: string, key: string): boolean {
  return new RegExp(`(?<![\\w-])${marker(key)}(?![\\w-])`).test(html)
}
