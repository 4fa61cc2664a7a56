import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { content, tasks } from '../../../db/schema/writer.ts'
import { type Brief, readBrief } from '../../../server/ai/inputs/read-brief.ts'
import type { AiProvider, AiResult, GenerateContent } from '../../../server/ai/provider.ts'
import { articleProblem, MAX_ARTICLE } from '../../../server/tasks/check-article.ts'
import { beginWriting, setDraft, stopWriting } from '../../../server/tasks/task-status.ts'
import { countWords, extractBody } from '../../../server/writer/article-html.ts'
import { saveArticle } from '../../../server/writer/save-article.ts'
import {
  type Step,
  type StepDone,
  StepError,
  type StepHandler,
  type StepJob,
} from '../../steps/step.ts'
import { appendNotes } from '../append-notes.ts'
import { askService } from '../ask-service.ts'
import { postSlug } from './post-slug.ts'

/** Generates the article of a queued task. Does not overwrite one that a person wrote meanwhile. */
export const generateContent: StepHandler = async (job) => {
  const brief = await job.write((tx) => begin(tx, job.step))
  try {
    const provider = await job.deps.aiProvider(job.scope)
    const answer = await ask(job, provider, brief)
    return written(job.step, brief, provider, answer)
  } catch (error) {
    // Set back from in_progress, because a step that waits for its next attempt can be cancelled.
    await job.write((tx) => stopWriting(tx, job.step.object_id))
    throw error
  }
}

async function begin(tx: Tx, step: Step): Promise<Brief> {
  const begun = await beginWriting(tx, step.object_id)
  const brief = await readBrief(tx, step.object_id)
  if (!brief) throw taskGone()
  if (!begun) {
    throw new StepError(
      'wrong_state',
      `The task is no longer queued but ${brief.task.status}. Set its status to queued to generate the article.`,
    )
  }
  await requireUntouched(tx, step)
  return brief
}

async function ask(
  job: StepJob,
  provider: AiProvider,
  { input, guidance }: Brief,
): Promise<AiResult<GenerateContent>> {
  const { title, word_count } = input
  await job.progress({ phase: 'generate_content', message: `Writing “${title}”` })
  await job.requested(
    'generate_content',
    `Asked ${provider.name} for “${title}”, about ${word_count} words`,
  )
  const options = { signal: job.signal, prompts: guidance.prompts }
  const answer = await askService(() => provider.generateContent(input, options))
  const html_content = articleOf(answer.data.html_content)
  const words = countWords(html_content)
  if (words === 0)
    throw new StepError(
      'ai_bad_answer',
      'The provider wrote an empty article. Try again, or choose another model.',
    )
  const { model } = answer.usage
  const answered = `${model} wrote ${words} words for “${title}”`
  await job.responded('generate_content', appendNotes(answered, answer.notes))
  return { ...answer, data: { ...answer.data, html_content } }
}

/** Throws a `StepError` for an article that could not be parsed later. */
function articleOf(answered: string): string {
  // Also limits the text around the article.
  const isTooLong = answered.length > 2 * MAX_ARTICLE
  const html = isTooLong ? answered : extractBody(answered)
  const problem = articleProblem(html)
  if (!problem) return html
  const message = `The provider wrote an article that ${problem}. Generate it again, or choose another model.`
  throw new StepError('ai_bad_answer', message)
}

function written(
  step: Step,
  { task, guidance }: Brief,
  provider: AiProvider,
  { data, usage, notes }: AiResult<GenerateContent>,
): StepDone {
  const { html_content, meta_title, meta_description, excerpt } = data
  const fields = { meta_title, meta_description, excerpt, slug: postSlug(data.slug, task.title) }
  const word_count = countWords(html_content)
  const made = {
    provider: provider.name,
    ...usage,
    strategy_id: guidance.strategy?.id ?? null,
    author_profile_id: guidance.author_profile?.id ?? null,
    notes,
  }
  return {
    usage: { provider: provider.name, ...usage, words: word_count },
    result: { word_count, ...made },
    message: `Wrote “${task.title}”, ${word_count} words`,
    async write(tx) {
      const now = await lockTask(tx, task.id)
      await requireUntouched(tx, step)
      await saveArticle(tx, now, html_content, made)
      await setDraft(tx, task.id, unlessChanged(fields, task, now))
    },
  }
}

async function lockTask(tx: Tx, id: number) {
  const [task] = await tx.select().from(tasks).where(eq(tasks.id, id)).for('update')
  if (!task) throw taskGone()
  return task
}

function taskGone(): StepError {
  return new StepError('not_found', 'The task was deleted.')
}

/** Throws if the article was changed after the run was accepted. */
async function requireUntouched(tx: Tx, step: Step): Promise<void> {
  const [changed] = await tx
    .select({ id: content.id })
    .from(content)
    .where(
      and(
        eq(content.task_id, step.object_id),
        sql`${content.updated_at} > ${step.created_at.toISOString()}::timestamptz`,
      ),
    )
  if (!changed) return
  throw new StepError(
    'changed_by_hand',
    'The article was edited while it was being generated, so the generated text was discarded. ' +
      "Set the task's status to draft to keep your version, or generate it again.",
  )
}

type Fields = { meta_title: string; meta_description: string; excerpt: string; slug: string }

/** Leaves out fields that a person has changed since, and the slug of a published post. */
function unlessChanged(
  fields: Fields,
  before: Fields,
  now: Fields & { assigned_post_id: number | null },
): Partial<Fields> {
  const kept = (Object.keys(fields) as (keyof Fields)[]).filter(
    (name) =>
      now[name] === before[name] && !(name === 'slug' && now.assigned_post_id && now.slug !== ''),
  )
  return Object.fromEntries(kept.map((name) => [name, fields[name]]))
}
