import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CONTENT_STRUCTURES, CONTENT_TYPES } from '../../db/schema/planner.ts'
import { ExtractImagePromptsOutput, GenerateIdeasOutput } from '../../server/ai/provider.ts'
import { cluster, draft, options, provider } from './local-provider.ts'

describe('hostile input', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: 'grapheme', maxLength: 400 }),
    fc.constantFrom(
      '',
      ' ',
      '\0',
      '<script>',
      '"\'&',
      '__proto__',
      'ﷺ'.repeat(60),
      'a'.repeat(999),
    ),
    fc.constantFrom('\ud83d', '—'.repeat(70), 'best top', '=1+1', 'İ'.repeat(70), '𠮷'.repeat(70)),
  )
  const texts = fc.array(text, { maxLength: 12 })
  const author = fc.record({ name: text, description: text, tone: text, language: text })
  const section = fc.record(
    { heading: text, guidance: text, words: fc.integer({ min: 20, max: 5000 }) },
    { requiredKeys: ['heading'] },
  )
  const sections = fc.array(section, { minLength: 1, maxLength: 20 })
  const unless = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined })

  it('still gives clusters that fit the schema', async () => {
    const existing = fc.array(fc.record({ name: text, sample_keywords: texts }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(texts, existing, async (keywords, existing_clusters) => {
        const clusters = await cluster(keywords, existing_clusters)
        const ids = clusters.flatMap((each) => each.keyword_ids).sort((a, b) => a - b)
        expect(ids).toEqual(keywords.map((_, id) => id))
      }),
      { numRuns: 150 },
    )
  })

  it('still gives ideas that fit the schema', async () => {
    const topic = fc.record({
      keywords: texts,
      existing_titles: texts,
      count: fc.integer({ min: 1, max: 20 }),
      author_profile: unless(author),
      section_logic: unless(fc.record({ default: sections })),
    })
    await fc.assert(
      fc.asyncProperty(text, topic, async (name, topic) => {
        const { count } = topic
        const input = { ...topic, cluster: { name, description: name } }
        const { data } = await provider.generateIdeas(input, options)
        const titles = GenerateIdeasOutput.parse(data).ideas.map((idea) => idea.idea_title)
        expect(new Set(titles).size).toBe(count)
      }),
      { numRuns: 150 },
    )
  })

  it('still gives drafts and image prompts that fit the schema', async () => {
    const brief = fc.record({
      title: text,
      description: text,
      keywords: texts,
      cluster: fc.option(text),
      content_structure: fc.constantFrom(...CONTENT_STRUCTURES),
      content_type: fc.constantFrom(...CONTENT_TYPES),
      word_count: fc.integer({ min: 100, max: 10_000 }),
      author_profile: unless(author),
      sections: unless(sections),
    })
    await fc.assert(
      fc.asyncProperty(brief, text, fc.integer({ min: 1, max: 10 }), async (input, tail, count) => {
        const { html_content } = await draft(input)
        expect(html_content).not.toMatch(
          /<(?!\/?(h2|h3|p|ul|ol|li|table|thead|tbody|tr|th|td|blockquote)>)/,
        )
        expect(html_content).not.toContain('\0')
        const headings = html_content.match(/<h2>[^<]+<\/h2>/g)
        if (input.sections) expect(headings).toHaveLength(input.sections.length)
        const images = { title: input.title, html_content: `${html_content}<h2>${tail}`, count }
        const { data } = await provider.extractImagePrompts(images, options)
        expect(ExtractImagePromptsOutput.parse(data).prompts).toHaveLength(count)
      }),
      { numRuns: 150 },
    )
  })
})
