import fc from 'fast-check'
import { parseFragment, serialize } from 'parse5'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { localProvider } from '../../server/ai/local/provider.ts'
import {
  type ClusterKeywords,
  ClusterKeywordsAnswer,
  CONTENT_STRUCTURES,
  CONTENT_TYPES,
  ExtractImagePromptsAnswer,
  GenerateContentAnswer,
  type GenerateContentInput,
  GenerateIdeasAnswer,
} from '../../server/ai/provider.ts'

const provider = localProvider()
const options = { signal: new AbortController().signal }

const split = (list: string) => list.split(', ')

/** Real-looking searches by topic. */
const TOPICS: Record<string, string[]> = {
  'running shoes': split(
    'best running shoes for flat feet, trail running shoes women, stability running shoes, ' +
      'how to lace running shoes, running trainers for men, cushioned jogging sneakers, ' +
      'when to replace running shoes, lightweight racing shoes',
  ),
  'marathon training': split(
    'marathon training plan 16 weeks, half marathon schedule beginner, how to train for a marathon, ' +
      'long run pace, what to eat before a marathon, tapering before race day, ' +
      'first marathon tips, marathon recovery week',
  ),
  espresso: split(
    'espresso machine with grinder, how to pull an espresso shot, best espresso beans, ' +
      'espresso vs drip coffee, milk frother for latte, french press ratio, ' +
      'cold brew coffee at home, pour over coffee maker',
  ),
  mattresses: split(
    'memory foam mattress, mattress for back pain, hybrid mattress reviews, ' +
      'queen size mattress dimensions, how often to replace a mattress, firm mattress for side sleepers, ' +
      'cooling mattress topper, mattress in a box',
  ),
  vpn: split(
    'vpn for streaming, free vpn for iphone, what is a vpn, ' +
      'vpn router setup, does a vpn hide your ip address, vpn protocols compared, ' +
      'best vpn for torrenting, vpn kill switch',
  ),
  mortgages: split(
    'mortgage rates today, fixed vs adjustable mortgage, home loan calculator, ' +
      'how to refinance a mortgage, mortgage pre approval, first time home buyer loan, ' +
      'closing costs calculator, mortgage down payment',
  ),
  'credit cards': split(
    'credit card with cashback, travel rewards credit card, balance transfer credit card, ' +
      'credit card for bad credit, student credit card, secured credit card, ' +
      'how to raise credit score, credit card annual fee',
  ),
  keto: split(
    'keto diet for beginners, keto breakfast ideas, low carb meal plan, ' +
      'keto snacks, ketogenic diet side effects, keto dinner recipes, ' +
      'low carb bread recipe, keto vs paleo diet',
  ),
  yoga: split(
    'yoga for beginners, yoga poses for flexibility, morning yoga routine, ' +
      'best yoga mat, hatha yoga vs vinyasa, yoga breathing exercises, ' +
      'chair yoga for seniors, yoga stretches for back',
  ),
  'puppy training': split(
    'how to potty train a puppy, crate training a dog, stop puppy biting, ' +
      'dog obedience classes, leash training a puppy, how to stop dog barking, ' +
      'puppy training schedule, dog training treats',
  ),
  'cat litter': split(
    'automatic litter box, clumping cat litter, cat litter odor control, ' +
      'best litter for kittens, how to clean a litter box, covered litter box, ' +
      'cat not using litter box, biodegradable cat litter',
  ),
  laptops: split(
    'gaming laptop under 1000, best laptop for students, lightweight notebook computer, ' +
      'how much ram does a laptop need, laptop battery life, laptop vs desktop, ' +
      '2 in 1 touchscreen laptop, refurbished laptops',
  ),
  headphones: split(
    'noise cancelling headphones, wireless earbuds for running, bluetooth headphones for tv, ' +
      'over ear vs on ear headphones, headphones with microphone, bone conduction headphones, ' +
      'how to clean earbuds, studio headphones',
  ),
  seo: split(
    'keyword research tools, on page seo checklist, how to rank on google, ' +
      'backlink checker free, local seo for small business, seo audit template, ' +
      'technical seo basics, google search console guide',
  ),
  'solar panels': split(
    'solar panels cost, solar battery storage, rooftop solar installation, ' +
      'are solar panels worth it, solar panel cleaning, solar inverter types, ' +
      'off grid solar system, solar tax credit',
  ),
  'car insurance': split(
    'cheap car insurance, auto insurance quotes, car insurance for new drivers, ' +
      'full coverage auto insurance, what affects car insurance rates, compare car insurance, ' +
      'liability car insurance, car insurance deductible',
  ),
  skincare: split(
    'moisturizer for dry skin, face wash for acne, retinol serum for beginners, ' +
      'sunscreen for oily skin, skincare routine order, vitamin c serum, ' +
      'how to reduce dark spots on face, hyaluronic acid moisturizer',
  ),
  weddings: split(
    'wedding venue checklist, how to choose a wedding photographer, wedding invitation wording, ' +
      'wedding budget spreadsheet, bridesmaid dresses, wedding planning timeline, ' +
      'outdoor wedding decorations, wedding cake flavors',
  ),
  'vegetable garden': split(
    'raised garden bed ideas, how to grow tomatoes, vegetable garden layout, ' +
      'best soil for vegetables, when to plant carrots, companion planting chart, ' +
      'organic garden fertilizer, growing herbs indoors',
  ),
  roofing: split(
    'roof replacement cost, metal roof vs shingles, roof leak repair, ' +
      'roofing contractor near me, asphalt shingles lifespan, how to inspect a roof, ' +
      'flat roof materials, roof flashing repair',
  ),
  crypto: split(
    'how to buy bitcoin, crypto wallet for beginners, ethereum staking, ' +
      'cryptocurrency exchange fees, bitcoin vs ethereum, what is blockchain, ' +
      'crypto tax rules, best altcoins',
  ),
  japan: split(
    'things to do in tokyo, japan rail pass worth it, kyoto itinerary 3 days, ' +
      'best time to visit japan, osaka street food, japan travel budget, ' +
      'tokyo to kyoto train, where to stay in osaka',
  ),
  camping: split(
    'family camping tent, camping checklist, backpacking sleeping bag, ' +
      'camping stove fuel, how to set up a tent, winter camping gear, ' +
      'camping meals ideas, campfire cooking equipment',
  ),
  'email marketing': split(
    'email marketing software, newsletter subject lines, how to build an email list, ' +
      'email open rate benchmark, welcome email sequence, email automation workflows, ' +
      'best newsletter platform, cold email templates',
  ),
}

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

async function cluster(
  keywords: string[],
  existing: { name: string; sample_keywords: string[] }[] = [],
): Promise<ClusterKeywords['clusters']> {
  const input = {
    keywords: keywords.map((keyword, id) => ({ id, keyword })),
    existing_clusters: existing,
  }
  const { data, usage } = await provider.clusterKeywords(input, options)
  expect(usage).toEqual({ model: 'local', tokens_in: 0, tokens_out: 0 })
  const { clusters } = ClusterKeywordsAnswer.parse(data)
  const taken = new Set(existing.map(({ name }) => name.toLowerCase()))
  const fresh = clusters.filter(({ name }) => !existing.some((each) => each.name === name))
  for (const { name } of fresh) expect(taken).not.toContain(name.toLowerCase())
  expect(new Set(clusters.map(({ name }) => name)).size).toBe(clusters.length)
  return clusters
}

function placeOf(clusters: ClusterKeywords['clusters'], id: number): number {
  return clusters.findIndex((each) => each.keyword_ids.includes(id))
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

const BRIEF: GenerateContentInput = {
  title: 'Burr Grinder vs Blade Grinder: Which Should You Choose?',
  description: 'Compare both kinds. Say who each is for.',
  keywords: ['burr grinder vs blade grinder', 'best coffee grinder'],
  cluster: 'Coffee Grinder',
  content_structure: 'supporting_page',
  content_type: 'article',
  word_count: 1200,
}

async function draft(change: Partial<GenerateContentInput> = {}) {
  const { data } = await provider.generateContent({ ...BRIEF, ...change }, options)
  return GenerateContentAnswer.parse(data)
}

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
    await fc.assert(
      fc.asyncProperty(text, texts, texts, fc.integer({ min: 1, max: 20 }), async (...args) => {
        const [name, keywords, existing_titles, count] = args
        const input = { cluster: { name, description: name }, keywords, count, existing_titles }
        const { data } = await provider.generateIdeas(input, options)
        const titles = GenerateIdeasAnswer.parse(data).ideas.map((idea) => idea.idea_title)
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
    })
    await fc.assert(
      fc.asyncProperty(brief, text, fc.integer({ min: 1, max: 10 }), async (input, tail, count) => {
        const { html_content } = await draft(input)
        expect(html_content).not.toMatch(
          /<(?!\/?(h2|h3|p|ul|ol|li|table|thead|tbody|tr|th|td|blockquote)>)/,
        )
        expect(html_content).not.toContain('\0')
        const images = { title: input.title, html_content: `${html_content}<h2>${tail}`, count }
        const { data } = await provider.extractImagePrompts(images, options)
        expect(ExtractImagePromptsAnswer.parse(data).prompts).toHaveLength(count)
      }),
      { numRuns: 150 },
    )
  })
})
