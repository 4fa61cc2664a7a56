import type { Prompts } from './prompts/default-prompts.ts'
import type {
  AiProvider,
  AiResult,
  ClusterKeywords,
  ClusterKeywordsInput,
  Usage,
} from './provider.ts'

/** So many earlier clusters are shown to a batch, the largest first: models lose more than that. */
const SHOWN_CLUSTERS = 300
const SAMPLES_PER_CLUSTER = 5
const LONGEST_DESCRIPTION = 1000

type Cluster = {
  name: string
  description: string
  keyword_ids: number[]
  samples: string[]
  /** Keywords that it is known to hold, from before and from this run. */
  size: number
}

/**
 * Clusters a keyword list of any length, `provider.clusterBatchSize` at a time. Each batch is shown
 * the clusters there are by then, and clusters of one name (case and outer spaces aside) are one.
 * Every keyword is in at most one cluster, the first that took it; ids that were not asked about are
 * dropped. `onBatch` hears how many batches are done, of how many. Throws what the provider throws.
 */
export async function clusterInBatches(
  provider: AiProvider,
  keywords: ClusterKeywordsInput['keywords'],
  options: {
    existing_clusters: ClusterKeywordsInput['existing_clusters']
    signal: AbortSignal
    prompts?: Partial<Prompts>
    onBatch?: (done: number, total: number) => unknown
  },
): Promise<AiResult<ClusterKeywords>> {
  const { signal, prompts, onBatch } = options
  const clusters = new Map<string, Cluster>()
  for (const existing of options.existing_clusters) addExisting(clusters, existing)
  const unplaced = new Map(keywords.map(({ id, keyword }) => [id, keyword]))
  const usage: Usage = { model: '', tokens_in: 0, tokens_out: 0 }
  const batches = inBatches([...unplaced], provider.clusterBatchSize)
  for (const [index, batch] of batches.entries()) {
    signal.throwIfAborted()
    const input = { keywords: batch, existing_clusters: largest(clusters) }
    const answer = await provider.clusterKeywords(input, { signal, prompts })
    merge(clusters, answer.data, new Set(batch.map(({ id }) => id)), unplaced)
    usage.model = answer.usage.model
    usage.tokens_in += answer.usage.tokens_in
    usage.tokens_out += answer.usage.tokens_out
    await onBatch?.(index + 1, batches.length)
  }
  const found = [...clusters.values()].filter(({ keyword_ids }) => keyword_ids.length > 0)
  const data = found.map(({ name, description, keyword_ids }) => ({
    name,
    description,
    keyword_ids,
  }))
  return { data: { clusters: data }, usage }
}

function inBatches(
  keywords: [id: number, keyword: string][],
  size: number,
): ClusterKeywordsInput['keywords'][] {
  return Array.from({ length: Math.ceil(keywords.length / size) }, (_, index) =>
    keywords.slice(index * size, (index + 1) * size).map(([id, keyword]) => ({ id, keyword })),
  )
}

function addExisting(
  clusters: Map<string, Cluster>,
  { name, sample_keywords }: ClusterKeywordsInput['existing_clusters'][number],
): void {
  const cluster = clusterNamed(clusters, name)
  cluster.samples.push(...sample_keywords.slice(0, SAMPLES_PER_CLUSTER - cluster.samples.length))
  cluster.size += sample_keywords.length
}

/** The cluster of that name as it was first written, new when there is none. */
function clusterNamed(clusters: Map<string, Cluster>, name: string): Cluster {
  const key = name.normalize('NFC').trim().toLowerCase()
  const known = clusters.get(key)
  if (known) return known
  const cluster = { name, description: '', keyword_ids: [], samples: [], size: 0 }
  clusters.set(key, cluster)
  return cluster
}

function merge(
  clusters: Map<string, Cluster>,
  answer: ClusterKeywords,
  asked: ReadonlySet<number>,
  unplaced: Map<number, string>,
): void {
  for (const { name, description, keyword_ids } of answer.clusters) {
    const taken = keyword_ids.filter((id) => asked.has(id) && unplaced.has(id))
    if (taken.length === 0 || name.trim() === '') continue
    const cluster = clusterNamed(clusters, name.trim())
    cluster.description ||= description.slice(0, LONGEST_DESCRIPTION)
    for (const id of new Set(taken)) {
      const keyword = unplaced.get(id)!
      unplaced.delete(id)
      cluster.keyword_ids.push(id)
      cluster.size++
      if (cluster.samples.length < SAMPLES_PER_CLUSTER) cluster.samples.push(keyword)
    }
  }
}

function largest(clusters: Map<string, Cluster>): ClusterKeywordsInput['existing_clusters'] {
  return [...clusters.values()]
    .sort((a, b) => b.size - a.size)
    .slice(0, SHOWN_CLUSTERS)
    .map(({ name, samples }) => ({ name, sample_keywords: [...samples] }))
}
