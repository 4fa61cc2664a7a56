import { and, asc, eq, isNull, ne } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import type { PromptType } from '../../db/schema/guidance.ts'
import { keywords } from '../../db/schema/planner.ts'
import { sectors } from '../../db/schema/sites.ts'
import { images } from '../../db/schema/writer.ts'
import { readBrief } from '../ai/inputs/read-brief.ts'
import { readClusters } from '../ai/inputs/read-clusters.ts'
import { type Guidance, readGuidance } from '../ai/inputs/read-guidance.ts'
import { readImageSubject } from '../ai/inputs/read-image-subject.ts'
import { readTopic } from '../ai/inputs/read-topic.ts'
import { DEFAULT_PROMPTS } from '../ai/prompts/default-prompts.ts'
import { promptTexts } from '../ai/prompts/prompt-texts.ts'
import { renderImagePrompt } from '../ai/prompts/render-prompt.ts'
import { invalid, notFound } from '../errors.ts'
import { requireTemplate } from './prompts.ts'
import type { DryRun, PromptDryRunResult } from './schemas.ts'

type Input = z.infer<typeof DryRun>
type Texts = ReturnType<typeof promptTexts>
/** What a run would read, and how its prompt is rendered from that. */
type Read = { guidance: Guidance; render(texts: Texts): string }

const SHOWN_KEYWORDS = 200
const IDEAS = 5
const IMAGES = 2
const MOST_IMAGES = 10

/**
 * Renders a prompt with an object of the account, as a run would send it. Throws a 400 for an invalid
 * template or a missing object id, and a 404 for an object that the caller cannot see.
 */
export async function dryRunPrompt(
  tx: Tx,
  input: Input,
): Promise<z.infer<typeof PromptDryRunResult>> {
  const { prompt_type, prompt_value } = input
  requireTemplate(prompt_type, prompt_value)
  const { guidance, render } = await readers[prompt_type](tx, input)
  const prompts = { ...guidance.prompts, ...(prompt_value && { [prompt_type]: prompt_value }) }
  return {
    prompt_type,
    source: sourceOf(input, guidance),
    strategy_id: guidance.strategy?.id ?? null,
    author_profile_id: guidance.author_profile?.id ?? null,
    rendered: render(promptTexts(prompts)),
  }
}

function sourceOf({ prompt_type, prompt_value }: Input, guidance: Guidance) {
  if (prompt_value) return 'request'
  if (guidance.strategy?.prompt_types[prompt_type]) return 'strategy'
  return guidance.prompts[prompt_type] ? 'account' : 'default'
}

const readers: Record<PromptType, (tx: Tx, input: Input) => Promise<Read>> = {
  async clustering(tx, input) {
    const sector_id = named(input, 'sector_id')
    const [sector] = await tx.select().from(sectors).where(eq(sectors.id, sector_id))
    if (!sector) throw notFound()
    const { site_id } = sector
    const [list, existing_clusters, guidance] = await Promise.all([
      unclustered(tx, site_id, sector_id),
      readClusters(tx, { site_id, sector_id }),
      readGuidance(tx, { sector: sector_id }),
    ])
    return { guidance, render: (texts) => texts.clustering({ keywords: list, existing_clusters }) }
  },
  async ideas(tx, input) {
    const topic = await readTopic(tx, named(input, 'cluster_id'), input.count ?? IDEAS)
    if (!topic) throw notFound()
    return { guidance: topic.guidance, render: (texts) => texts.ideas(topic.input) }
  },
  async content_generation(tx, input) {
    const brief = await readBrief(tx, named(input, 'task_id'))
    if (!brief) throw notFound()
    return { guidance: brief.guidance, render: (texts) => texts.content(brief.input) }
  },
  async image_prompt_extraction(tx, input) {
    const { guidance, title, html_content } = await article(tx, input)
    const count = Math.min(input.count ?? IMAGES, MOST_IMAGES)
    return { guidance, render: (texts) => texts.imagePrompts({ title, html_content, count }) }
  },
  async image_prompt_template(tx, input) {
    const { guidance, title } = await article(tx, input)
    const [image] = await tx
      .select({ prompt: images.prompt, alt_text: images.alt_text })
      .from(images)
      .where(eq(images.task_id, named(input, 'task_id')))
      .orderBy(asc(images.position))
      .limit(1)
    const { prompt, alt_text } = image ?? { prompt: title, alt_text: title }
    return { guidance, render: (texts) => texts.image({ title, prompt, alt_text }) }
  },
  async negative_prompt(tx, input) {
    const { task_id, sector_id } = input
    const of = task_id ? { task: task_id } : { sector: sector_id ?? 0 }
    const guidance = await readGuidance(tx, of)
    const used = input.prompt_value ?? guidance.prompts.negative_prompt
    return {
      guidance,
      render: () => renderImagePrompt(used ?? DEFAULT_PROMPTS.negative_prompt, {}),
    }
  },
}

function named(input: Input, field: 'sector_id' | 'cluster_id' | 'task_id'): number {
  const id = input[field]
  if (!id) throw invalid(field, `is required to render ${input.prompt_type}`)
  return id
}

async function article(tx: Tx, input: Input) {
  const found = await readImageSubject(tx, named(input, 'task_id'))
  if (!found) throw notFound()
  return found
}

/** The keywords that clustering uses by default: those without a cluster. */
function unclustered(tx: Tx, siteId: number, sectorId: number) {
  return tx
    .select({ id: keywords.id, keyword: keywords.keyword })
    .from(keywords)
    .where(
      and(
        eq(keywords.site_id, siteId),
        eq(keywords.sector_id, sectorId),
        isNull(keywords.cluster_id),
        ne(keywords.status, 'archived'),
      ),
    )
    .orderBy(keywords.id)
    .limit(SHOWN_KEYWORDS)
}
