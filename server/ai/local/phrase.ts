/** Words that carry no topic of their own: function words and what searchers put around a topic. */
const WEAK_WORDS = new Set(
  (
    'a an the of to in on for and or with is are was be do does did how what why when where which who ' +
    'can should i you my your me it its at by from vs versus as if near best top good great cheap ' +
    'affordable cheapest review reviews guide tips ideas list online free new much many long worth ' +
    'beginner beginners 2023 2024 2025 2026 2027'
  ).split(' '),
)

const SMALL_WORDS = new Set(
  'a an the of to in on for and or with at by from vs as near per'.split(' '),
)

const CAPITALS = new Set(
  'seo vpn crm usb tv diy ai api pdf uk usa eu led hvac ev evs faq b2b saas html css php sql roi ppc gps bbq rv etf irs dna suv'.split(
    ' ',
  ),
)

export function isWeak(word: string): boolean {
  return WEAK_WORDS.has(word)
}

/**
 * One line without control characters, lone surrogates or runs of spaces, at most `limit` UTF-16
 * units, cut at a word where there is one.
 */
export function cleanText(text: string, limit = 300): string {
  const head = text.slice(0, limit * 4).toWellFormed()
  return cutAtWord(head.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd\s]+/gu, ' ').trim(), limit)
}

/** At most `limit` UTF-16 units: whole words, or as much of the first word as fits. */
export function cutAtWord(text: string, limit: number): string {
  if (text.length <= limit) return text
  const end = text.lastIndexOf(' ', limit)
  const cut = end > 0 ? text.slice(0, end) : text.slice(0, limit).replace(/[\ud800-\udbff]$/, '')
  return cut.replace(/[\s,;:–—|&(-]+$/u, '') || cut.trim()
}

/** The words of a phrase, lower-cased and without accents: at most 40. */
export function wordsOf(phrase: string): string[] {
  const plain = phrase
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/['’]s\b/g, '')
  return (plain.match(/[\p{L}\p{N}]+/gu) ?? []).slice(0, 40)
}

/** A rough English stem, so that singular and plural, "train" and "training" count as one. */
export function stemOf(word: string): string {
  if (word.length <= 3) return word
  if (word.length === 4) return word.replace(/([^s])s$/, '$1')
  const stem = word.replace(/ies$/, 'y').replace(/(ings?|ers?|es|ed|s|e)$/, '')
  return stem.length > 3 ? stem.replace(/([bdgmnprt])\1$/, '$1') : stem || word
}

/** Title Case; a word that has capitals of its own ("iPhone") keeps them. */
export function titleCase(phrase: string): string {
  return phrase
    .split(' ')
    .map((word, i) => {
      if (word !== word.toLowerCase()) return word
      if (CAPITALS.has(word)) return word.toUpperCase()
      if (i > 0 && SMALL_WORDS.has(word)) return word
      return word.replace(/\p{L}/u, (letter) => letter.toUpperCase())
    })
    .join(' ')
}

/** Two names or titles with the same key count as the same. */
export function caseFold(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim()
}
