import type {
  ClusterKeywords,
  ExtractImagePrompts,
  GenerateContent,
  GenerateIdeas,
} from '../../server/ai/provider.ts'

/** The data that a prompt holds under a name, as `renderPrompt` puts it in. */
export function dataIn(prompt: string, name: string): unknown {
  const found = new RegExp(`<${name}>\\n([\\s\\S]*?)\\n</${name}>`).exec(prompt)
  return found ? JSON.parse(found[1]!) : undefined
}

/** What a model might answer to a prompt, by the name of the schema that was asked for. */
export function answerTo(schemaName: string, prompt: string): unknown {
  switch (schemaName) {
    case 'cluster_keywords':
      return clusters(prompt)
    case 'generate_ideas':
      return ideas(prompt)
    case 'generate_content':
      return content(prompt)
    case 'extract_image_prompts':
      return imagePrompts(prompt)
    default:
      return {}
  }
}

/** By their last word: "trail running shoes" and "shoe" are of one cluster. */
function clusters(prompt: string): ClusterKeywords {
  const keywords = dataIn(prompt, 'keywords') as [number: number, keyword: string][]
  const existing = dataIn(prompt, 'existing_clusters') as { name: string }[]
  const groups = Map.groupBy(keywords, ([, keyword]) => headOf(keyword))
  return {
    clusters: [...groups].map(([head, members]) => ({
      name: existing.find(({ name }) => headOf(name) === head)?.name ?? capitalised(head),
      description: `What people want to know about ${head}.`,
      keyword_ids: members.map(([number]) => number),
    })),
  }
}

function ideas(prompt: string): GenerateIdeas {
  const { name } = dataIn(prompt, 'cluster') as { name: string }
  const keywords = dataIn(prompt, 'keywords') as string[]
  const existing = dataIn(prompt, 'existing_titles') as string[]
  const kinds = ['How to choose', 'Mistakes to avoid with', 'A first look at', 'Comparing']
  return {
    ideas: Array.from({ length: countIn(prompt) }, (_, index) => {
      const keyword = keywords[index % Math.max(1, keywords.length)] ?? name
      const round = existing.length + Math.floor(index / kinds.length)
      const part = round > 0 ? `, part ${round + 1}` : ''
      return {
        idea_title: `${kinds[index % kinds.length]} ${keyword}${part}`,
        description: `For readers who look for ${keyword}: what it is, how to choose, what to avoid.`,
        content_structure: index === 0 ? 'pillar_page' : 'supporting_page',
        content_type: 'guide',
        target_keywords: [keyword],
        estimated_word_count: 1200,
      }
    }),
  }
}

function content(prompt: string): GenerateContent {
  const title = dataIn(prompt, 'title') as string
  const keywords = dataIn(prompt, 'keywords') as string[]
  const topic = keywords[0] ?? title
  const paragraph = `<p>Those who look for ${escaped(topic)} want a clear answer. Here is one.</p>`
  const table =
    '<table><thead><tr><th>Choice</th><th>Good for</th></tr></thead>' +
    '<tbody><tr><td>Simple</td><td>A start</td></tr></tbody></table>'
  const sections = dataIn(prompt, 'sections') as { heading: string }[] | undefined
  const author = dataIn(prompt, 'author_profile') as { tone: string; language: string } | undefined
  const voice = author ? `<p>Written in ${author.language}, and ${author.tone}.</p>` : ''
  const planned = sections?.map(({ heading }) => `<h2>${escaped(heading)}</h2>${paragraph}`)
  const html_content = planned && [voice, ...planned].join('\n')
  return {
    html_content:
      html_content ??
      [
        paragraph,
        voice,
        `<h2>What matters</h2>${paragraph}<ul><li>Fit</li><li>Use</li></ul>`,
        `<h2>How the choices differ</h2>${table}`,
        `<h2>What to avoid</h2><h3>Haste</h3>${paragraph}`,
        `<h2>What to do next</h2><blockquote><p>Begin with one.</p></blockquote>${paragraph}`,
      ].join('\n'),
    meta_title: title.slice(0, 60).trim(),
    meta_description: `What to know about ${topic}`.slice(0, 160).trim(),
    slug: slugOf(title),
    excerpt: `A short, honest look at ${topic}.`.slice(0, 300),
  }
}

function imagePrompts(prompt: string): ExtractImagePrompts {
  const title = dataIn(prompt, 'title') as string
  const html = dataIn(prompt, 'html_content') as string
  const headings = [...html.matchAll(/<h2[^>]*>(.*?)<\/h2>/gs)].map(([, text]) => text!)
  return {
    prompts: Array.from({ length: countIn(prompt) }, (_, index) => {
      const heading = index === 0 ? null : (headings[(index - 1) % headings.length] ?? null)
      const subject = heading ?? title
      return {
        prompt: `A person at a wooden table in morning light, busy with: ${subject}.`,
        alt_text: `A person busy with ${subject}`.slice(0, 125),
        heading,
      }
    }),
  }
}

function countIn(prompt: string): number {
  return Number(/exactly (\d+)/.exec(prompt)?.[1] ?? 5)
}

function headOf(phrase: string): string {
  return (phrase.trim().toLowerCase().split(/\s+/).at(-1) ?? phrase).replace(/s$/, '')
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

function slugOf(title: string): string {
  const slug = title.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return slug.replace(/^-|-$/g, '').slice(0, 80) || 'article'
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
