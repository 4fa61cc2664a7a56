import { caseFold, cleanText, isWeak, stemOf, titleCase, wordsOf } from '../phrase.ts'

const LONGEST_NAME = 80
/** How good a name of one, two, three, four words is. */
const LENGTH_WEIGHT = [0.55, 1, 1.05, 0.9]
const CENTRALITY_WEIGHT = 0.4
/** A name may score this much less than the best and still be taken before a whole keyword. */
const GOOD_NAME = 0.75

/** `centrality`: how alike the keyword is to the whole cluster, 0 to 1. */
export type Member = { keyword: string; centrality: number }
type Candidate = {
  surface: string
  surfaces: Map<string, number>
  length: number
  members: number
  centrality: number
}

/**
 * A Title Case name for the cluster: the phrase that most of its keywords share, else a central
 * keyword. Its case-folded form is in `taken` afterwards, and was not before.
 */
export function nameCluster(members: Member[], taken: Set<string>): string {
  const names = candidateNames(members)
  for (const name of names) if (claim(name, taken)) return name
  const name = names[0] ?? 'Other Keywords'
  for (let n = 2; ; n++) if (claim(`${name} ${n}`, taken)) return `${name} ${n}`
}

/** One sentence that says what the cluster holds. */
export function describeCluster(name: string, members: Member[]): string {
  const samples = [...new Set(members.map(({ keyword }) => cleanText(keyword, 80)))]
    .filter((keyword) => keyword !== '')
    .slice(0, 3)
    .map((keyword) => `“${keyword}”`)
  if (samples.length === 0) return `Searches about ${name}.`
  const last = samples.pop()!
  const list = samples.length > 0 ? `${samples.join(', ')} and ${last}` : last
  return `Searches about ${name}, such as ${list}.`
}

function claim(name: string, taken: Set<string>): boolean {
  const key = caseFold(name)
  if (key === '' || taken.has(key)) return false
  taken.add(key)
  return true
}

/** Best first: the phrases that nearly all share, the most central keywords, the other phrases. */
function candidateNames(members: Member[]): string[] {
  const score = (c: Candidate) =>
    (c.members / members.length) * LENGTH_WEIGHT[c.length - 1]! + CENTRALITY_WEIGHT * c.centrality
  const phrases = [...sharedPhrases(members).values()].sort(
    (a, b) => score(b) - score(a) || b.length - a.length || (a.surface < b.surface ? -1 : 1),
  )
  const best = phrases[0] ? score(phrases[0]) : 0
  const good = phrases.filter((phrase) => members.length > 1 && score(phrase) >= GOOD_NAME * best)
  const whole = [...members].sort((a, b) => b.centrality - a.centrality)
  return [
    ...good.map(({ surface }) => surface),
    ...whole.map(({ keyword }) => keyword),
    ...phrases.map(({ surface }) => surface),
  ]
    .map(readableName)
    .filter(Boolean)
}

function readableName(phrase: string): string {
  return titleCase(cleanText(phrase.replace(/[<>{}[\]|\\`]+/g, ' '), LONGEST_NAME))
}

function sharedPhrases(members: Member[]): Map<string, Candidate> {
  const candidates = new Map<string, Candidate>()
  for (const { keyword, centrality } of members) {
    for (const [key, { surface, length }] of phrasesIn(keyword)) {
      const known = candidates.get(key)
      const candidate = known ?? { surface, surfaces: new Map(), length, members: 0, centrality }
      candidates.set(key, candidate)
      candidate.members++
      candidate.centrality = Math.max(candidate.centrality, centrality)
      countSurface(candidate, surface)
    }
  }
  return candidates
}

/** The most frequent form stands for the others; of equals the longer, "training" before "train". */
function countSurface(candidate: Candidate, surface: string): void {
  const counts = candidate.surfaces
  counts.set(surface, (counts.get(surface) ?? 0) + 1)
  const lead = counts.get(surface)! - counts.get(candidate.surface)!
  if (lead > 0 || (lead === 0 && surface.length > candidate.surface.length)) {
    candidate.surface = surface
  }
}

/** Runs of one to four words that neither begin nor end with a weak word, by their stems. */
function phrasesIn(keyword: string): Map<string, { surface: string; length: number }> {
  const tokens = cleanText(keyword, 200)
    .split(' ')
    .map((token) => token.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, ''))
    .filter((token) => token !== '' && token.length <= LONGEST_NAME)
  const phrases = new Map<string, { surface: string; length: number }>()
  for (let start = 0; start < tokens.length; start++) {
    for (
      let length = 1;
      length <= LENGTH_WEIGHT.length && start + length <= tokens.length;
      length++
    ) {
      const run = tokens.slice(start, start + length)
      if (isWeakEdge(run[0]!) || isWeakEdge(run.at(-1)!)) continue
      const key = run.map((token) => wordsOf(token).map(stemOf).join(' ')).join(' ')
      if (!phrases.has(key)) phrases.set(key, { surface: run.join(' '), length })
    }
  }
  return phrases
}

function isWeakEdge(token: string): boolean {
  return wordsOf(token).every(isWeak) || /^\d+$/.test(token)
}
