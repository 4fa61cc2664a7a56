import { describe, expect, it } from 'vitest'
import { TOPICS } from './keyword-topics.ts'
import { cluster, options, placeOf, provider } from './local-provider.ts'

const LABELLED = Object.entries(TOPICS).flatMap(([topic, keywords]) =>
  keywords.map((keyword) => ({ topic, keyword })),
)

const MODIFIERS = [
  ...['for beginners', 'explained', 'reviews', 'near me', 'online', 'examples', 'mistakes', 'pdf'],
  ...['for women', 'for men', 'for kids', 'for seniors', 'for students', 'at home', 'on a budget'],
  ...['in london', 'in boston', 'in chicago', 'in denver', 'in austin', 'in seattle', 'in toronto'],
  ...[
    'in 2026',
    'in winter',
    'in summer',
    'pros and cons',
    'step by step',
    'video',
    'forum',
    'blog',
  ],
  ...['that work', 'that last', 'under 50', 'under 100', 'under 200', 'with pictures', 'for free'],
  ...['for families', 'for couples', 'for professionals', 'for small spaces', 'without stress'],
  ...[
    'before you buy',
    'after one year',
    'from experts',
    'from scratch',
    'made simple',
    'in detail',
  ],
  ...['today', 'this year', 'next year', 'fast', 'slowly'],
]

/** Adjusted Rand index: 1 for the same partition, about 0 for a random one. */

function adjustedRandIndex(a: (string | number)[], b: (string | number)[]): number {
  const pairs = (n: number) => (n * (n - 1)) / 2
  const countPairs = (keys: string[]) => {
    const counts = new Map<string, number>()
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
    return [...counts.values()].reduce((sum, n) => sum + pairs(n), 0)
  }
  const both = countPairs(a.map((key, i) => `${key}|${b[i]}`))
  const [inA, inB] = [countPairs(a.map(String)), countPairs(b.map(String))]
  const expected = (inA * inB) / pairs(a.length)
  return (both - expected) / ((inA + inB) / 2 - expected)
}

describe('clustering', () => {
  it('finds the topics of a labelled list', async () => {
    const clusters = await cluster(LABELLED.map(({ keyword }) => keyword))
    const found = LABELLED.map((_, id) => placeOf(clusters, id))
    const score = adjustedRandIndex(
      found,
      LABELLED.map(({ topic }) => topic),
    )
    const sizes = clusters.map((each) => each.keyword_ids.length)
    console.log(`ARI ${score.toFixed(3)}, ${clusters.length} clusters of ${sizes.join(' ')}`)
    expect(found).not.toContain(-1)
    expect(score).toBeGreaterThanOrEqual(0.6)
    expect(Math.max(...sizes)).toBeLessThan(LABELLED.length / 5)
    expect(sizes.filter((size) => size === 1).length).toBeLessThan(LABELLED.length / 20)
  })

  it('gives the same clusters for the same keywords', async () => {
    const keywords = LABELLED.map(({ keyword }) => keyword)
    expect(await cluster(keywords)).toEqual(await cluster(keywords))
  })

  it('names each cluster once, case-folded, and after something its keywords say', async () => {
    const clusters = await cluster(LABELLED.map(({ keyword }) => keyword))
    const names = clusters.map(({ name }) => name.toLowerCase())
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('running shoes')
    expect(names).toContain('car insurance')
    expect(clusters.map(({ name }) => name)).toContain('VPN')
    for (const { name, description } of clusters) expect(description).toContain(name)
  })

  it('puts keywords into the cluster that exists, by exactly its name', async () => {
    const existing = [
      { name: 'jogging FOOTWEAR ', sample_keywords: ['running shoes', 'trail running shoes'] },
      { name: 'Home loans', sample_keywords: ['mortgage rates', 'mortgage calculator'] },
    ]
    const clusters = await cluster(
      ['running shoes for women', 'refinance a mortgage', 'grow tomatoes'],
      existing,
    )
    expect(clusters).toHaveLength(3)
    expect(clusters[placeOf(clusters, 0)]?.name).toBe('jogging FOOTWEAR ')
    expect(clusters[placeOf(clusters, 1)]?.name).toBe('Home loans')
    expect(existing.map(({ name }) => name)).not.toContain(clusters[placeOf(clusters, 2)]?.name)
  })

  it('leaves a large cluster that exists to the keywords that fit it', async () => {
    const existing = [{ name: 'Running Shoes', sample_keywords: TOPICS['running shoes']! }]
    const others = Object.values(TOPICS).map((keywords) => keywords[1]!)
    const clusters = await cluster(others, existing)
    const joined = clusters.find(({ name }) => name === 'Running Shoes')
    expect(joined?.keyword_ids).toEqual([0])
  })

  it('does not give a new cluster the name of one that exists', async () => {
    const existing = [{ name: 'ESPRESSO MACHINE', sample_keywords: TOPICS.mortgages! }]
    const clusters = await cluster(['espresso machine', 'used espresso machine'], existing)
    expect(clusters.map(({ name }) => name)).toEqual(['Used Espresso Machine'])
  })

  it('names each part of a list of near-identical keywords apart', async () => {
    const clusters = await cluster(Array.from({ length: 300 }, (_, i) => `running shoes size ${i}`))
    const names = clusters.map(({ name }) => name.toLowerCase())
    expect(new Set(names).size).toBe(names.length)
  })

  it('groups Greek, Cyrillic, Chinese and made-up words by their characters', async () => {
    const clusters = await cluster([
      ...['μηχανή εσπρέσο', 'καφές εσπρέσο', 'купить ноутбук', 'игровые ноутбуки'],
      ...['東京観光地', '東京観光ツアー', 'zorblaxian frimp', 'zorblaxians frimps'],
    ])
    const places = [0, 1, 2, 3, 4, 5, 6, 7].map((id) => placeOf(clusters, id))
    for (const id of [0, 2, 4, 6]) expect(places[id]).toBe(places[id + 1])
    expect(new Set(places).size).toBe(4)
  })

  it('takes 10,000 keywords in batches and places each once', async () => {
    const keywords = LABELLED.flatMap(({ keyword }) => MODIFIERS.map((m) => `${keyword} ${m}`))
      .map((keyword, id) => ({ id: (id * 7919) % 10_007, keyword }))
      .filter(({ id }) => id < 10_000)
    const placed = new Map(keywords.map(({ id, keyword }) => [id, keyword]))
    const all = [...placed].map(([id, keyword]) => ({ id, keyword })).sort((a, b) => a.id - b.id)
    const clusters = new Map<string, number[]>()
    const started = performance.now()
    let memory = 0
    for (let start = 0; start < all.length; start += provider.clusterBatchSize) {
      const { data } = await provider.clusterKeywords(
        {
          keywords: all.slice(start, start + provider.clusterBatchSize),
          existing_clusters: [...clusters].map(([name, ids]) => ({
            name,
            sample_keywords: ids.slice(0, 10).map((id) => placed.get(id)!),
          })),
        },
        options,
      )
      for (const { name, keyword_ids } of data.clusters) {
        clusters.set(name, [...(clusters.get(name) ?? []), ...keyword_ids])
      }
      memory = Math.max(memory, process.memoryUsage().rss)
    }
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    const sizes = [...clusters.values()].map((ids) => ids.length).sort((a, b) => b - a)
    console.log(
      `${all.length} keywords: ${seconds} s, ${Math.round(memory / 2 ** 20)} MB resident, ` +
        `${sizes.length} clusters, largest ${sizes[0]}, ${sizes.filter((n) => n === 1).length} single`,
    )
    expect(all.length).toBeGreaterThan(9_900)
    expect([...clusters.values()].flat().sort((a, b) => a - b)).toEqual(all.map(({ id }) => id))
  })

  it('lets other work run while it computes', async () => {
    const keywords = LABELLED.flatMap(({ keyword }) =>
      MODIFIERS.slice(0, 5).map((m) => `${keyword} ${m}`),
    )
    let turns = 0
    let done = false
    const tick = () => {
      turns++
      if (!done) setImmediate(tick)
    }
    setImmediate(tick)
    await cluster(keywords)
    done = true
    expect(turns).toBeGreaterThan(10)
  })

  it('stops when it is aborted on the way', async () => {
    const controller = new AbortController()
    const keywords = LABELLED.flatMap(({ keyword }, i) =>
      MODIFIERS.slice(0, 5).map((m, j) => ({ id: i * 5 + j, keyword: `${keyword} ${m}` })),
    )
    const work = provider.clusterKeywords(
      { keywords, existing_clusters: [] },
      { signal: controller.signal },
    )
    setImmediate(() => controller.abort(new Error('cancelled')))
    await expect(work).rejects.toThrow('cancelled')
  })
})
