import type { ClusterKeywords, ClusterKeywordsInput } from '../../provider.ts'
import { caseFold } from '../phrase.ts'
import { averageLinkTree, cutTree } from './average-link.ts'
import { type Embedded, embedPhrases } from './embed-phrases.ts'
import { addToProfile, type GroupProfile, likenessToGroup, profileOf } from './group-profile.ts'
import { likenessMatrix } from './likeness-matrix.ts'
import { describeCluster, nameCluster } from './name-cluster.ts'
import { keepPace, type Pace } from './pace.ts'
import { DIMENSIONS, loadWordVectors } from './word-vectors.ts'

/** Average likeness at which keywords make one cluster: the best cut of labelled keyword lists. */
const SAME_CLUSTER = 0.23
/** A keyword joins a cluster that exists only when it fits it clearly. */
const FITS_EXISTING = 0.28
/** A keyword that would stand alone joins the nearest cluster down to this. */
const BETTER_THAN_ALONE = 0.15
/** Near-identical keywords stay together however many they are. */
const INSEPARABLE = 0.85
const SAMPLES_PER_CLUSTER = 8
/** The longest name that an answer may carry. */
const LONGEST_NAME = 120

type Group = { existing: { name: string } | null; keywords: number[]; profile: GroupProfile }

/**
 * Groups the keywords by meaning and shared words; a keyword that fits a cluster that exists goes
 * there, under its name. Deterministic, and gives way to other work while it computes. Throws the
 * signal's reason when it was aborted.
 */
export async function clusterKeywords(
  input: ClusterKeywordsInput,
  signal: AbortSignal,
): Promise<ClusterKeywords> {
  const pace = keepPace(signal)
  const keywords = [...new Map(input.keywords.map((each) => [each.id, each])).values()]
  const existing = [...new Map(input.existing_clusters.map((each) => [each.name, each])).values()]
    .filter(({ name }) => name.length > 0 && name.length <= LONGEST_NAME)
    .map(({ name, sample_keywords }) => ({
      name,
      phrases: [name, ...sample_keywords.slice(0, SAMPLES_PER_CLUSTER)],
    }))
  const phrases = [
    ...keywords.map(({ keyword }) => keyword.slice(0, 300)),
    ...existing.flatMap((cluster) => cluster.phrases),
  ]
  const embedded = await embedPhrases(phrases, await loadWordVectors(), pace)
  const known = existingGroups(embedded, keywords.length, existing)
  const rest = await assignToExisting(embedded, keywords.length, known, pace)
  const fresh = await groupTheRest(embedded, rest, pace)
  const groups = await rehomeSingles(embedded, [...known, ...fresh], pace)
  return { clusters: await describeGroups(embedded, keywords, groups, input, pace) }
}

function existingGroups(
  embedded: Embedded,
  first: number,
  existing: { name: string; phrases: string[] }[],
): Group[] {
  let next = first
  return existing.map(({ name, phrases }) => ({
    existing: { name },
    keywords: [],
    profile: profileOf(
      embedded,
      phrases.map(() => next++),
    ),
  }))
}

/** Returns the keywords that fit none. */
async function assignToExisting(
  embedded: Embedded,
  count: number,
  groups: Group[],
  pace: Pace,
): Promise<number[]> {
  const rest: number[] = []
  for (let keyword = 0; keyword < count; keyword++) {
    const nearest = nearestGroup(embedded, keyword, groups, FITS_EXISTING)
    if (nearest) nearest.keywords.push(keyword)
    else rest.push(keyword)
    if (pace.due()) await pace.rest()
  }
  return rest
}

async function groupTheRest(embedded: Embedded, rest: number[], pace: Pace): Promise<Group[]> {
  const matrix = await likenessMatrix(pickPhrases(embedded, rest), pace)
  const tree = await averageLinkTree(matrix, rest.length, pace)
  const cut = cutTree(tree, {
    likeness: SAME_CLUSTER,
    largest: Math.max(12, Math.round(2 * Math.sqrt(rest.length))),
    inseparable: INSEPARABLE,
  })
  return cut.map((items) => {
    const keywords = items.map((item) => rest[item]!)
    return { existing: null, keywords, profile: profileOf(embedded, keywords) }
  })
}

/** Moves each new single keyword to its nearest group, when that is better than standing alone. */
async function rehomeSingles(embedded: Embedded, groups: Group[], pace: Pace): Promise<Group[]> {
  for (const single of groups) {
    if (single.existing || single.keywords.length !== 1) continue
    const others = groups.filter((group) => group.profile.size > 1)
    const nearest = nearestGroup(embedded, single.keywords[0]!, others, BETTER_THAN_ALONE)
    if (pace.due()) await pace.rest()
    if (!nearest) continue
    const keyword = single.keywords.pop()!
    single.profile.size = 0
    nearest.keywords.push(keyword)
    addToProfile(nearest.profile, embedded, keyword)
  }
  return groups.filter((group) => group.keywords.length > 0)
}

function nearestGroup(
  embedded: Embedded,
  keyword: number,
  groups: Group[],
  atLeast: number,
): Group | null {
  let nearest: Group | null = null
  let best = atLeast
  for (const group of groups) {
    const alike = likenessToGroup(embedded, keyword, group.profile)
    if (alike < best || (alike === best && nearest)) continue
    nearest = group
    best = alike
  }
  return nearest
}

async function describeGroups(
  embedded: Embedded,
  keywords: { id: number; keyword: string }[],
  groups: Group[],
  input: ClusterKeywordsInput,
  pace: Pace,
): Promise<ClusterKeywords['clusters']> {
  const taken = new Set(input.existing_clusters.map(({ name }) => caseFold(name)))
  const clusters: ClusterKeywords['clusters'] = []
  for (const group of groups) {
    const members = group.keywords.map((keyword) => ({
      keyword: keywords[keyword]!.keyword,
      centrality: likenessToGroup(embedded, keyword, group.profile),
    }))
    const name = group.existing?.name ?? nameCluster(members, taken)
    clusters.push({
      name,
      description: describeCluster(name, members),
      keyword_ids: group.keywords.map((keyword) => keywords[keyword]!.id),
    })
    if (pace.due()) await pace.rest()
  }
  return clusters
}

function pickPhrases(embedded: Embedded, phrases: number[]): Embedded {
  const meaning = new Float32Array(phrases.length * DIMENSIONS)
  for (const [i, phrase] of phrases.entries()) {
    const start = phrase * DIMENSIONS
    meaning.set(embedded.meaning.subarray(start, start + DIMENSIONS), i * DIMENSIONS)
  }
  return { meaning, terms: phrases.map((phrase) => embedded.terms[phrase]!) }
}
