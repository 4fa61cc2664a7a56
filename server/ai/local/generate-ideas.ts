import type { ContentStructure, GenerateIdeas, GenerateIdeasInput } from '../provider.ts'
import { pillarTitle, supportingTitles, type TitleIdea } from './idea-titles.ts'
import type { KeywordShape } from './keyword-shape.ts'
import { caseFold, cleanText, cutAtWord, stemOf, titleCase, wordsOf } from './phrase.ts'
import { pluralOf } from './plural.ts'
import { seededChoice } from './seeded-choice.ts'

type Idea = GenerateIdeas['ideas'][number]

/** From this many keywords on, a cluster's first page is a hub that links on rather than a pillar. */
const HUB_KEYWORDS = 12
const LONGEST_PHRASE = 90
const LONGEST_TITLE = 200

const COVERAGE: Record<KeywordShape, string> = {
  comparison: 'what each option is for, the differences that matter in use, and who suits which',
  how_to:
    'what to have ready, the steps in order, what tends to go wrong, and how to check the result',
  question: 'a short answer first, then the reasons, the exceptions and what to do with the answer',
  cost: 'what makes up the price, where to save and where not to, and what comes later',
  list: 'how to judge the options, what each kind is good for, and how to narrow them down',
  plan: 'what to include, in which order, and how to adjust it along the way',
  topic: 'what it is about, what to look at first, common mistakes, and the next step',
}

/**
 * `count` ideas with titles that no existing title equals (by case-folded text): first the page that
 * the cluster's others link to, if none exists yet, then supporting pages by keyword.
 */
export function generateIdeas(input: GenerateIdeasInput): GenerateIdeas {
  const keywords = distinctPhrases(input.keywords)
  const topic = titleCase(
    pluralOf(cleanText(input.cluster.name, LONGEST_PHRASE) || keywords[0] || 'this topic'),
  )
  const choice = seededChoice(`${topic}\n${keywords.join('\n')}`)
  const taken = new Set(input.existing_titles.map(caseFold))
  const ideas: Idea[] = []
  const pillar = pillarTitle(topic, taken, choice)
  if (pillar) {
    taken.add(caseFold(pillar))
    ideas.push(pillarIdea(pillar, topic, keywords, input))
  }
  for (const next of supportingTitles(topic, keywords, choice)) {
    if (ideas.length >= input.count) break
    const title = cutAtWord(next.title, LONGEST_TITLE)
    if (taken.has(caseFold(title))) continue
    taken.add(caseFold(title))
    ideas.push(supportingIdea({ ...next, title }, topic, keywords, input))
  }
  return { ideas }
}

function pillarIdea(
  title: string,
  topic: string,
  keywords: string[],
  input: GenerateIdeasInput,
): Idea {
  const targets = keywords.slice(0, 5)
  const structure = keywords.length >= HUB_KEYWORDS ? 'cluster_hub' : 'pillar_page'
  return {
    idea_title: title,
    description: brief(
      `The main page on ${topic}, for readers who want the whole picture in one place.`,
      covered(
        input,
        structure,
        'the basics, how to start, how to choose, what it costs, common mistakes and questions',
      ),
      targets,
      `Link from here to every supporting page of the cluster.${wanted(input)}`,
    ),
    content_structure: structure,
    content_type: 'guide',
    target_keywords: targets,
    estimated_word_count: 2000,
  }
}

function supportingIdea(
  idea: TitleIdea,
  topic: string,
  keywords: string[],
  input: GenerateIdeasInput,
): Idea {
  const targets = [idea.keyword, ...closestTo(idea.keyword, keywords)]
  return {
    idea_title: idea.title,
    description: brief(
      `A page for readers who search for “${idea.keyword}”.`,
      covered(input, 'supporting_page', COVERAGE[idea.shape]),
      targets,
      `Link back to the main page on ${topic}.${wanted(input)}`,
    ),
    content_structure: 'supporting_page',
    content_type: idea.type,
    target_keywords: targets,
    estimated_word_count: idea.shape === 'question' ? 900 : 1200,
  }
}

/** What a page is to cover: the sections that its structure asks for, else what its kind does. */
function covered(
  { section_logic = {} }: GenerateIdeasInput,
  structure: ContentStructure,
  usual: string,
): string {
  const sections = section_logic[structure] ?? section_logic.default
  if (!sections) return usual
  const headings = sections.map(({ heading }) => `“${cleanText(heading, 100)}”`)
  return `these sections, in this order: ${headings.join(', ')}`
}

/** How the author profile wants it written. */
function wanted({ author_profile }: GenerateIdeasInput): string {
  const tone = cleanText(author_profile?.tone ?? '', 200)
  const language = cleanText(author_profile?.language ?? '', 50)
  return [tone && ` Tone: ${tone}.`, language && ` Language: ${language}.`].join('')
}

function brief(purpose: string, coverage: string, targets: string[], linking: string): string {
  const list = targets.map((keyword) => `“${keyword}”`).join(', ')
  return [purpose, `Cover ${coverage}.`, linking, list && `Target keywords: ${list}.`]
    .filter(Boolean)
    .join(' ')
}

/** At most two other keywords that share a word with this one. */
function closestTo(keyword: string, keywords: string[]): string[] {
  const stems = new Set(wordsOf(keyword).map(stemOf))
  const overlap = (other: string) => wordsOf(other).filter((word) => stems.has(stemOf(word))).length
  return keywords
    .filter((other) => other !== keyword && overlap(other) > 0)
    .sort((a, b) => overlap(b) - overlap(a))
    .slice(0, 2)
}

function distinctPhrases(keywords: string[]): string[] {
  const byKey = new Map<string, string>()
  for (const keyword of keywords) {
    const phrase = cleanText(keyword, LONGEST_PHRASE)
    const key = wordsOf(phrase).map(stemOf).join(' ') || caseFold(phrase)
    if (phrase !== '' && !byKey.has(key)) byKey.set(key, phrase)
  }
  return [...byKey.values()].slice(0, 200)
}
