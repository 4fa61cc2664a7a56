import { and, asc, eq, lte } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { keywords } from '../../../db/schema/planner.ts'
import { runs } from '../../../db/schema/runs.ts'
import { clusterInBatches } from '../../../server/ai/cluster-in-batches.ts'
import { readClusters } from '../../../server/ai/inputs/read-clusters.ts'
import { readGuidance } from '../../../server/ai/inputs/read-guidance.ts'
import type { AiProvider } from '../../../server/ai/provider.ts'
import { clusteringPrice } from '../../../server/billing/prices.ts'
import { Selection, selected } from '../../../server/planner/plan-clustering.ts'
import type { SiteSector } from '../../../server/sites/site-sector.ts'
import { type Step, StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { appendNotes } from '../append-notes.ts'
import { askService } from '../ask-service.ts'
import { type SavedClusters, saveClusters } from './save-clusters.ts'

const SHOWN_CLUSTERS = 200

type Read = { place: SiteSector; list: { id: number; keyword: string }[] }

/** Clusters the keywords of the run in batches and writes the result in one transaction. */
export const clusterKeywords: StepHandler = async (job) => {
  const { place, list } = await job.read((tx) => readKeywords(tx, job.step))
  if (list.length === 0) throw new StepError('not_found', 'The keywords were deleted.')
  const [existing_clusters, { prompts }] = await job.read((tx) =>
    Promise.all([readClusters(tx, place), readGuidance(tx, { sector: place.sector_id })]),
  )
  const provider = await job.deps.aiProvider(job.scope)
  const { signal } = job
  const { data, usage } = await askService(() =>
    clusterInBatches(watched(job, provider, list.length), list, {
      existing_clusters,
      prompts,
      signal,
    }),
  )
  // Filled in by `write`, which the worker runs before it stores the result.
  const result: Record<string, unknown> = { provider: provider.name, ...usage }
  const clustered = data.clusters.reduce((sum, { keyword_ids }) => sum + keyword_ids.length, 0)
  return {
    charge: Math.min(job.step.price, clusteringPrice(list.length)),
    usage: { provider: provider.name, ...usage },
    result,
    message: `Clustered ${counted(clustered)} of ${counted(list.length)} keywords`,
    async write(tx) {
      Object.assign(result, summary(await saveClusters(tx, job.scope.accountId, place, data)))
    },
  }
}

async function readKeywords(tx: Tx, step: Step): Promise<Read> {
  const { count, last_id, ...selection } = Selection.parse(step.params)
  const [run] = await tx
    .select({ site_id: runs.site_id })
    .from(runs)
    .where(eq(runs.id, step.run_id))
  if (!run?.site_id) throw new StepError('not_found', 'The site was deleted.')
  const place = { site_id: run.site_id, sector_id: step.object_id }
  const list = await tx
    .select({ id: keywords.id, keyword: keywords.keyword })
    .from(keywords)
    .where(and(selected(place, selection), lte(keywords.id, last_id)))
    .orderBy(asc(keywords.id))
    .limit(count)
  return { place, list }
}

/** Wraps the provider, so that every batch is recorded and shown as progress. */
function watched(job: StepJob, provider: AiProvider, total: number): AiProvider {
  const batches = Math.ceil(total / provider.clusterBatchSize)
  let batch = 0
  let done = 0
  return {
    ...delegating(provider),
    async clusterKeywords(input, options) {
      const { length } = input.keywords
      const size = `${counted(length)} ${length === 1 ? 'keyword' : 'keywords'}`
      const which = `batch ${++batch} of ${batches}`
      await job.requested(
        'cluster_keywords',
        `Asked ${provider.name} to cluster ${size} (${which})`,
      )
      const answer = await provider.clusterKeywords(input, options)
      const found = `${provider.name} found ${counted(answer.data.clusters.length)} clusters`
      await job.responded('cluster_keywords', appendNotes(`${found} (${which})`, answer.notes))
      done += length
      const message = `Clustered ${counted(done)} of ${counted(total)} keywords`
      await job.progress({ phase: 'cluster_keywords', message, current: done })
      return answer
    },
  }
}

function delegating(provider: AiProvider): AiProvider {
  return {
    name: provider.name,
    imagesBy: provider.imagesBy,
    clusterBatchSize: provider.clusterBatchSize,
    clusterKeywords: (input, options) => provider.clusterKeywords(input, options),
    generateIdeas: (input, options) => provider.generateIdeas(input, options),
    generateContent: (input, options) => provider.generateContent(input, options),
    extractImagePrompts: (input, options) => provider.extractImagePrompts(input, options),
    generateImage: (input, options) => provider.generateImage(input, options),
  }
}

function summary({ created, clusters, keywords }: SavedClusters) {
  return {
    clusters_created: created,
    keywords_clustered: keywords,
    clusters: clusters.slice(0, SHOWN_CLUSTERS),
  }
}

function counted(value: number): string {
  return value.toLocaleString('en')
}
