import { cleanText, cutAtWord } from '../phrase.ts'
import { hashText } from '../seeded-choice.ts'

/** WordPress keeps 200 bytes of a slug in its percent-encoded form; room for its own "-2" is left. */
const LONGEST_ENCODED_SLUG = 180

const LATIN = new Map(
  Object.entries({
    α: 'a',
    β: 'v',
    γ: 'g',
    δ: 'd',
    ε: 'e',
    ζ: 'z',
    η: 'i',
    θ: 'th',
    ι: 'i',
    κ: 'k',
    λ: 'l',
    μ: 'm',
    ν: 'n',
    ξ: 'x',
    ο: 'o',
    π: 'p',
    ρ: 'r',
    σ: 's',
    ς: 's',
    τ: 't',
    υ: 'y',
    φ: 'f',
    χ: 'ch',
    ψ: 'ps',
    ω: 'o',
    а: 'a',
    б: 'b',
    в: 'v',
    г: 'g',
    д: 'd',
    е: 'e',
    ж: 'zh',
    з: 'z',
    и: 'i',
    й: 'y',
    к: 'k',
    л: 'l',
    м: 'm',
    н: 'n',
    о: 'o',
    п: 'p',
    р: 'r',
    с: 's',
    т: 't',
    у: 'u',
    ф: 'f',
    х: 'kh',
    ц: 'ts',
    ч: 'ch',
    ш: 'sh',
    щ: 'shch',
    ъ: '',
    ы: 'y',
    ь: '',
    э: 'e',
    ю: 'yu',
    я: 'ya',
    є: 'ye',
    і: 'i',
    ґ: 'g',
    ђ: 'dj',
    ј: 'j',
    љ: 'lj',
    њ: 'nj',
    ћ: 'c',
    џ: 'dz',
    ß: 'ss',
    æ: 'ae',
    ø: 'o',
    œ: 'oe',
    ł: 'l',
    đ: 'd',
    ð: 'd',
    þ: 'th',
    ı: 'i',
  }),
)

/**
 * Lower-case words joined by hyphens: ASCII for Latin, Greek and Cyrillic titles, the title's own
 * letters for other scripts, and never empty.
 */
export function slugOf(title: string): string {
  const plain = title
    .slice(0, 1000)
    .toWellFormed()
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]+/g, '')
    .normalize('NFC')
    .replace(/['’]/g, '')
  const words = [...plain].map((letter) => LATIN.get(letter) ?? letter).join('')
  const parts = words.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu) ?? []
  return fitSlug(parts) || `draft-${hashText(title).toString(36)}`
}

function fitSlug(parts: string[]): string {
  let slug = ''
  for (const part of parts) {
    const longer = slug === '' ? part : `${slug}-${part}`
    if (encodeURIComponent(longer).length > LONGEST_ENCODED_SLUG) break
    slug = longer
  }
  if (slug !== '' || parts.length === 0) return slug
  // Scripts without spaces are one long word: as many characters as fit.
  for (const character of parts[0]!) {
    if (encodeURIComponent(slug + character).length > LONGEST_ENCODED_SLUG) break
    slug += character
  }
  return slug
}

export function metaTitleOf(title: string): string {
  return cutAtWord(title, 60)
}

/** Whole words of the summary, in at most 160 characters. */
export function metaDescriptionOf(summary: string): string {
  const text = cleanText(summary, 600)
  return text.length <= 160 ? text : `${cutAtWord(text, 157)}…`
}
