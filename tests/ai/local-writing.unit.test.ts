import { parseFragment, serialize } from 'parse5'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { CONTENT_STRUCTURES } from '../../db/schema/planner.ts'
import { BRIEF, draft, options, provider } from './local-provider.ts'

describe('ideas', () => {
  const ideasFor = async (keywords: string[], count: number, existing: string[] = []) => {
    const cluster = { name: 'Coffee Grinder', description: '' }
    const input = { cluster, keywords, count, existing_titles: existing }
    return (await provider.generateIdeas(input, options)).data.ideas
  }

  it('begin with the page that the others link to', async () => {
    const ideas = await ideasFor(['best coffee grinder', 'manual coffee grinder'], 3)
    expect(ideas.map((idea) => idea.content_structure)).toEqual([
      'pillar_page',
      'supporting_page',
      'supporting_page',
    ])
  })

  it('turn each kind of keyword into its kind of title', async () => {
    const ideas = await ideasFor(
      [
        'what is a burr grinder',
        'burr grinder vs blade grinder',
        'clean a grinder',
        'grinder cost',
      ],
      5,
    )
    const titles = ideas.map((idea) => idea.idea_title)
    expect(titles[1]).toMatch(/^What Is a Burr Grinder\?/)
    expect(titles[2]).toContain('Burr Grinder vs Blade Grinder')
    expect(titles[3]).toMatch(/^How to Clean a Grinder/)
    expect(titles[4]).toContain('Grinder Cost')
  })

  it('are twenty from one keyword, and never one that exists, however often asked', async () => {
    const titles: string[] = []
    for (let round = 0; round < 4; round++) {
      const ideas = await ideasFor(
        ['coffee grinder'],
        20,
        titles.map((t) => t.toUpperCase()),
      )
      titles.push(...ideas.map((idea) => idea.idea_title))
    }
    expect(titles).toHaveLength(80)
    expect(new Set(titles.map((title) => title.toLowerCase())).size).toBe(80)
  })
})

describe('drafts', () => {
  it('have headings, lists, a table and answered questions, and use the keywords', async () => {
    const { html_content } = await draft()
    for (const tag of ['<h2>', '<h3>', '<p>', '<ul>', '<table>'])
      expect(html_content).toContain(tag)
    for (const keyword of BRIEF.keywords) expect(html_content).toContain(keyword)
    expect(html_content).toContain('Compare both kinds.')
    expect(serialize(parseFragment(html_content))).toBe(html_content.replaceAll('&#39;', "'"))
  })

  it('come within a quarter of the words asked for', async () => {
    for (const content_structure of CONTENT_STRUCTURES) {
      for (const keywords of [[], ['tea'], [...BRIEF.keywords, 'how to clean a coffee grinder']]) {
        for (let word_count = 300; word_count <= 3000; word_count += 90) {
          const { html_content } = await draft({ content_structure, keywords, word_count })
          const words = html_content.replace(/<[^>]+>/g, ' ').match(/\S+/g)!.length
          expect(Math.abs(words - word_count), `${words} of ${word_count}`).toBeLessThanOrEqual(
            word_count / 4,
          )
        }
      }
    }
  })

  it('are the same for the same brief and differ between briefs', async () => {
    expect(await draft()).toEqual(await draft())
    const titles = [
      'Burr Grinders Explained',
      'Blade Grinders Explained',
      'Hand Grinders Explained',
    ]
    const bodies = await Promise.all(
      titles.map(async (title) => (await draft({ title, keywords: [title] })).html_content),
    )
    const headings = bodies.map((html) => html.match(/<h2>[^<]+/g)!.join('|'))
    expect(new Set(headings).size).toBe(3)
  })

  it('treat titles, keywords and briefs as text', async () => {
    const hostile = `<script>alert("1")</script> & 'two' {s} {S} $& $1`
    const { html_content } = await draft({
      title: hostile,
      description: hostile,
      keywords: [hostile],
      cluster: hostile,
    })
    expect(html_content).not.toContain('<script')
    expect(html_content).toContain('&lt;script&gt;')
    expect(html_content).toContain('{s} {S} $&amp; $1')
  })

  it.each([
    ['Καφές & Ελαιόλαδο', 'kafes-elaiolado'],
    ['Купить ноутбук: цена', 'kupit-noutbuk-tsena'],
    ['Crème Brûlée für Größe', 'creme-brulee-fur-grosse'],
    ["What's a V60?", 'whats-a-v60'],
    ['東京 ガイド', '東京-ガイド'],
  ])('have a readable slug for %s', async (title, slug) => {
    expect((await draft({ title })).slug).toBe(slug)
  })

  it('have a slug that WordPress does not cut, for any title', async () => {
    for (const title of ['🎉🎉', '!!!', '', '\ud800', '東'.repeat(150), 'word '.repeat(40)]) {
      const { slug } = await draft({ title })
      expect(slug).not.toBe('')
      expect(encodeURIComponent(slug).length).toBeLessThanOrEqual(195)
    }
  })

  it('cut the meta title and description at a word', async () => {
    const title = 'A rather long title that would not fit into the sixty characters of a meta title'
    const { meta_title, meta_description } = await draft({ title })
    expect(title.startsWith(`${meta_title} `)).toBe(true)
    expect(meta_title.length).toBeGreaterThan(45)
    expect(meta_description).toMatch(/[.…]$/)
  })
})

describe('images', () => {
  it('are asked for by the title and by headings that exist in the article', async () => {
    const { html_content } = await draft()
    const input = { title: BRIEF.title, html_content, count: 4 }
    const { prompts } = (await provider.extractImagePrompts(input, options)).data
    expect(prompts).toHaveLength(4)
    expect(prompts[0]).toMatchObject({ prompt: BRIEF.title, heading: null })
    const places = prompts
      .slice(1)
      .map(({ heading }) => html_content.indexOf(`<h2>${heading}</h2>`))
    expect(places.every((place) => place > 0)).toBe(true)
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })

  it('are as many as asked for when there are fewer headings', async () => {
    for (const html_content of ['', '<h2>One &amp; only</h2><p>x</p>']) {
      const input = { title: 'Title', html_content, count: 5 }
      const { prompts } = (await provider.extractImagePrompts(input, options)).data
      expect(new Set(prompts.map(({ prompt }) => prompt)).size).toBe(5)
    }
  })

  it('are pictures of 1536×1024', async () => {
    const input = { prompt: 'Start with the goal', alt_text: 'x', title: BRIEF.title }
    const { data } = await provider.generateImage(input, options)
    const { width, height, format } = await sharp(data.bytes).metadata()
    expect({ width, height, format }).toEqual({ width: 1536, height: 1024, format: 'png' })
  })
})
