import type { GenerateIdeas } from '../provider.ts'
import { type KeywordShape, shapeOf } from './keyword-shape.ts'
import { caseFold, titleCase } from './phrase.ts'
import { pluralOf } from './plural.ts'
import type { Choice } from './seeded-choice.ts'

type ContentType = GenerateIdeas['ideas'][number]['content_type']
export type TitleIdea = { title: string; type: ContentType; shape: KeywordShape; keyword: string }

const PILLARS: ((topic: string) => string)[] = [
  (topic) => `${topic}: The Complete Guide`,
  (topic) => `The Complete Guide to ${topic}`,
  (topic) => `${topic} from Start to Finish`,
  (topic) => `Everything to Know About ${topic}`,
]

const BY_SHAPE: Record<KeywordShape, { type: ContentType; titles: ((k: string) => string)[] }> = {
  comparison: {
    type: 'article',
    titles: [
      (k) => `${k}: Which Should You Choose?`,
      (k) => `${k}: The Differences That Matter`,
      (k) => `${k}, Compared Side by Side`,
    ],
  },
  how_to: {
    type: 'tutorial',
    titles: [
      (k) => howTo(k),
      (k) => `${howTo(k)}, Step by Step`,
      (k) => `${howTo(k)}: A Practical Walkthrough`,
    ],
  },
  question: {
    type: 'blog_post',
    titles: [(k) => `${k.replace(/\?+$/, '')}?`, (k) => `${k.replace(/\?+$/, '')}? A Plain Answer`],
  },
  cost: {
    type: 'article',
    titles: [
      (k) => `${k}: What You Pay For`,
      (k) => `${k}: How to Plan Your Spending`,
      (k) => `Understanding ${k} Before You Commit`,
    ],
  },
  list: {
    type: 'blog_post',
    titles: [
      (k) => `${k}: How to Narrow Down the List`,
      (k) => `${k}: What Sets Them Apart`,
      (k) => `${k} Worth Looking Into`,
    ],
  },
  plan: {
    type: 'guide',
    titles: [
      (k) => `${k} to Work Through`,
      (k) => `${k}: What to Include`,
      (k) => `${k}: Step by Step`,
    ],
  },
  topic: {
    type: 'guide',
    titles: [
      (k) => `${k}: What to Know Before You Start`,
      (k) => `${k}: A Practical Guide`,
      (k) => `A Closer Look at ${k}`,
      (k) => `${k} Explained in Plain Words`,
      (k) => `${k}: What to Look For`,
    ],
  },
}

/** For when a cluster has fewer keywords than the ideas asked for. */
const ANGLES: { type: ContentType; shape: KeywordShape; title: (topic: string) => string }[] = [
  { type: 'guide', shape: 'topic', title: (t) => `${t} for Beginners: Where to Start` },
  {
    type: 'blog_post',
    shape: 'topic',
    title: (t) => `${t}: Common Mistakes and How to Avoid Them`,
  },
  { type: 'guide', shape: 'plan', title: (t) => `The ${t} Checklist` },
  { type: 'article', shape: 'cost', title: (t) => `${t}: A Guide to the Costs` },
  { type: 'blog_post', shape: 'question', title: (t) => `${t}: Your Questions Answered` },
  { type: 'tutorial', shape: 'how_to', title: (t) => `Getting Started with ${t}, Step by Step` },
  { type: 'article', shape: 'comparison', title: (t) => `${t}: How to Compare Your Options` },
  { type: 'blog_post', shape: 'topic', title: (t) => `${t}: Myths Worth Checking` },
  { type: 'guide', shape: 'list', title: (t) => `${t}: What Sets Good Choices Apart` },
  { type: 'article', shape: 'topic', title: (t) => `${t}: The Terms You Will Come Across` },
  { type: 'blog_post', shape: 'list', title: (t) => `${t} Tips for Busy People` },
  { type: 'guide', shape: 'plan', title: (t) => `${t}: A Plan for the First Month` },
  { type: 'article', shape: 'topic', title: (t) => `${t} on a Small Budget` },
  { type: 'article', shape: 'question', title: (t) => `Deciding on ${t}: What Matters to You` },
  { type: 'tutorial', shape: 'how_to', title: (t) => `${t}: Troubleshooting, Step by Step` },
  { type: 'blog_post', shape: 'topic', title: (t) => `${t}: What to Do Next` },
  { type: 'article', shape: 'topic', title: (t) => `${t} in the Long Run` },
  { type: 'blog_post', shape: 'question', title: (t) => `${t}: What to Ask Before You Decide` },
  { type: 'guide', shape: 'comparison', title: (t) => `Alternatives to ${t}` },
  { type: 'article', shape: 'topic', title: (t) => `${t}: How to Judge the Results` },
]

/** Null when one of the pillar titles exists already: a cluster has one main page. */
export function pillarTitle(topic: string, taken: Set<string>, choice: Choice): string | null {
  const titles = PILLARS.map((title) => title(topic))
  return titles.some((title) => taken.has(caseFold(title))) ? null : choice.pick(titles)
}

/** The supporting pages' titles without end: keywords first, then angles on the topic, then parts. */
export function* supportingTitles(
  topic: string,
  keywords: string[],
  choice: Choice,
): Generator<TitleIdea> {
  for (const keyword of keywords) yield choice.pick(titlesFor(keyword))
  for (const { title, ...angle } of choice.shuffle(ANGLES)) {
    yield { ...angle, title: title(topic), keyword: keywords[0] ?? topic }
  }
  for (const keyword of keywords) yield* titlesFor(keyword)
  for (let part = 2; ; part++) {
    const title = `${topic}: Notes, Part ${part}`
    yield { title, type: 'blog_post', shape: 'topic', keyword: keywords[0] ?? topic }
  }
}

function titlesFor(keyword: string): TitleIdea[] {
  const shape = shapeOf(keyword)
  const { type, titles } = BY_SHAPE[shape]
  const phrase = titleCase(shape === 'topic' || shape === 'list' ? pluralOf(keyword) : keyword)
  return titles.map((title) => ({ title: title(phrase), type, shape, keyword }))
}

function howTo(keyword: string): string {
  return /^how to\s/i.test(keyword) ? keyword : `How to ${keyword}`
}
