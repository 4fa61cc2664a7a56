import { expect } from 'vitest'
import { localProvider } from '../../server/ai/local/provider.ts'
import {
  type ClusterKeywords,
  ClusterKeywordsOutput,
  type GenerateContentInput,
  GenerateContentOutput,
} from '../../server/ai/provider.ts'

export const provider = localProvider()
export const options = { signal: new AbortController().signal }

export async function cluster(
  keywords: string[],
  existing: { name: string; sample_keywords: string[] }[] = [],
): Promise<ClusterKeywords['clusters']> {
  const input = {
    keywords: keywords.map((keyword, id) => ({ id, keyword })),
    existing_clusters: existing,
  }
  const { data, usage } = await provider.clusterKeywords(input, options)
  expect(usage).toEqual({ model: 'local', tokens_in: 0, tokens_out: 0 })
  const { clusters } = ClusterKeywordsOutput.parse(data)
  const taken = new Set(existing.map(({ name }) => name.toLowerCase()))
  const fresh = clusters.filter(({ name }) => !existing.some((each) => each.name === name))
  for (const { name } of fresh) expect(taken).not.toContain(name.toLowerCase())
  expect(new Set(clusters.map(({ name }) => name)).size).toBe(clusters.length)
  return clusters
}

export function placeOf(clusters: ClusterKeywords['clusters'], id: number): number {
  return clusters.findIndex((each) => each.keyword_ids.includes(id))
}

export const BRIEF: GenerateContentInput = {
  title: 'Burr Grinder vs Blade Grinder: Which Should You Choose?',
  description: 'Compare both kinds. Say who each is for.',
  keywords: ['burr grinder vs blade grinder', 'best coffee grinder'],
  cluster: 'Coffee Grinder',
  content_structure: 'supporting_page',
  content_type: 'article',
  word_count: 1200,
}

export async function draft(change: Partial<GenerateContentInput> = {}) {
  const { data } = await provider.generateContent({ ...BRIEF, ...change }, options)
  return GenerateContentOutput.parse(data)
}
