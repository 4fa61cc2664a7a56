import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clusterInBatches } from '../../server/ai/cluster-in-batches.ts'
import { openaiProvider } from '../../server/ai/openai.ts'
import type { AiProvider, ClusterKeywords, ClusterKeywordsInput } from '../../server/ai/provider.ts'
import { createEgress, type Egress } from '../../server/egress/egress.ts'
import { type OpenAiServer, startOpenAiServer } from '../helpers/openai-server.ts'

const signal = new AbortController().signal

const wire = { apiKey: 'none', model: 'gpt-4o-mini', imageModel: 'gpt-image-1' }
const unreachable = openaiProvider({
  ...wire,
  baseUrl: 'http://127.0.0.1/v1',
  fetch: createEgress({ allowPrivate: [] }).fetch,
})

/** A provider that answers each batch as given and keeps what it was asked. */
function scripted(
  size: number,
  answer: (input: ClusterKeywordsInput, batch: number) => ClusterKeywords['clusters'],
): AiProvider & { asked: ClusterKeywordsInput[] } {
  const asked: ClusterKeywordsInput[] = []
  return {
    ...unreachable,
    clusterBatchSize: size,
    asked,
    async clusterKeywords(input) {
      asked.push(structuredClone(input))
      const usage = { model: 'm', tokens_in: 10, tokens_out: 3 }
      return { data: { clusters: answer(input, asked.length - 1) }, usage }
    },
  }
}

function keywords(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    keyword: `keyword ${index + 1}`,
  }))
}

function ids(input: ClusterKeywordsInput): number[] {
  return input.keywords.map(({ id }) => id)
}

describe('a long keyword list', () => {
  test('goes to the provider in batches, each shown the clusters of those before', async () => {
    const provider = scripted(2, (input, batch) => [
      {
        name: batch === 1 ? ' shoes ' : 'Shoes',
        description: `d${batch}`,
        keyword_ids: ids(input),
      },
    ])
    const heard: number[][] = []
    const { data, usage } = await clusterInBatches(provider, keywords(5), {
      existing_clusters: [{ name: 'Hats', sample_keywords: ['hat'] }],
      signal,
      onBatch: (done, total) => heard.push([done, total]),
    })
    expect(provider.asked.map(ids)).toEqual([[1, 2], [3, 4], [5]])
    expect(provider.asked[1]!.existing_clusters).toEqual([
      { name: 'Shoes', sample_keywords: ['keyword 1', 'keyword 2'] },
      { name: 'Hats', sample_keywords: ['hat'] },
    ])
    expect(data.clusters).toEqual([
      { name: 'Shoes', description: 'd0', keyword_ids: [1, 2, 3, 4, 5] },
    ])
    expect(usage).toEqual({ model: 'm', tokens_in: 30, tokens_out: 9 })
    expect(heard).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ])
  })

  test('keeps the name of a cluster that existed, letter for letter', async () => {
    const provider = scripted(10, (input) => [
      { name: 'ÉCHARPES', description: '', keyword_ids: ids(input) },
    ])
    const existing_clusters = [{ name: 'Écharpes', sample_keywords: [] }]
    const { data } = await clusterInBatches(provider, keywords(1), { existing_clusters, signal })
    expect(data.clusters.map(({ name }) => name)).toEqual(['Écharpes'])
  })

  test('puts each keyword in one cluster, and none that was not asked about', async () => {
    const provider = scripted(2, (_, batch) =>
      batch === 0
        ? [
            { name: 'A', description: '', keyword_ids: [1, 1, 3, 99] },
            { name: 'B', description: '', keyword_ids: [1, 2] },
            { name: 'Empty', description: '', keyword_ids: [99] },
          ]
        : [{ name: 'C', description: '', keyword_ids: [1, 3] }],
    )
    const { data } = await clusterInBatches(provider, keywords(3), {
      existing_clusters: [],
      signal,
    })
    expect(data.clusters.map(({ name, keyword_ids }) => [name, keyword_ids])).toEqual([
      ['A', [1]],
      ['B', [2]],
      ['C', [3]],
    ])
    expect(provider.asked[1]!.existing_clusters.map(({ name }) => name)).toEqual(['A', 'B'])
  })

  test('shows at most 300 clusters, the largest ones', async () => {
    const provider = scripted(1000, (input) => [
      { name: 'Large', description: '', keyword_ids: ids(input).slice(0, 500) },
      ...ids(input)
        .slice(500)
        .map((id) => ({ name: `small ${id}`, description: '', keyword_ids: [id] })),
    ])
    await clusterInBatches(provider, keywords(1001), { existing_clusters: [], signal })
    const shown = provider.asked[1]!.existing_clusters
    expect(shown).toHaveLength(300)
    expect(shown[0]).toEqual({
      name: 'Large',
      sample_keywords: ['keyword 1', 'keyword 2', 'keyword 3', 'keyword 4', 'keyword 5'],
    })
  })

  test('stops between batches when the run is cancelled', async () => {
    const controller = new AbortController()
    const reason = new Error('cancelled')
    const provider = scripted(1, () => [])
    const call = clusterInBatches(provider, keywords(5), {
      existing_clusters: [],
      signal: controller.signal,
      onBatch: (done) => done === 2 && controller.abort(reason),
    })
    await expect(call).rejects.toBe(reason)
    expect(provider.asked).toHaveLength(2)
  })

  test('that is empty asks nothing', async () => {
    const provider = scripted(1, () => [])
    const { data } = await clusterInBatches(provider, [], { existing_clusters: [], signal })
    expect(data.clusters).toEqual([])
    expect(provider.asked).toHaveLength(0)
  })
})

describe('10,000 keywords', () => {
  let server: OpenAiServer
  let egress: Egress
  beforeAll(async () => {
    server = await startOpenAiServer()
    egress = createEgress({ allowPrivate: [server.hostPort] })
  })
  afterAll(async () => {
    await server.stop()
    await egress.close()
  })

  test('are clustered over the wire, every one once', async () => {
    const provider = openaiProvider({
      ...wire,
      baseUrl: server.url,
      fetch: egress.fetch,
    })
    const things = Array.from({ length: 400 }, (_, n) => `thing${n}x`)
    const list = Array.from({ length: 10_000 }, (_, n) => ({
      id: 1_000_000 + n * 7,
      keyword: `kind ${n} ${things[(n * 31) % things.length]}`,
    }))
    const { data } = await clusterInBatches(provider, list, { existing_clusters: [], signal })
    expect(server.requests).toHaveLength(50)
    expect(data.clusters).toHaveLength(400)
    const placed = data.clusters.flatMap(({ keyword_ids }) => keyword_ids)
    expect(placed.sort((a, b) => a - b)).toEqual(list.map(({ id }) => id))
  })
})
