import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { ai_prompts, PROMPT_TYPES, type PromptType } from '../../db/schema/guidance.ts'
import { templateFault } from '../ai/prompts/check-template.ts'
import { DEFAULT_PROMPTS } from '../ai/prompts/default-prompts.ts'
import { PLACEHOLDERS, REQUIRED_PLACEHOLDERS } from '../ai/prompts/placeholders.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryBoolean } from '../http/schemas.ts'
import { type NewPrompt, promptType, type UpdatePrompt } from './schemas.ts'

type Row = typeof ai_prompts.$inferSelect

const ORDERINGS = {
  created_at: ai_prompts.created_at,
  updated_at: ai_prompts.updated_at,
  prompt_type: ai_prompts.prompt_type,
}
export const PromptQuery = listQuery(ORDERINGS, {
  prompt_type: promptType.optional(),
  is_active: queryBoolean.optional(),
})

/** Lists the prompts that the account has saved, searched by their text. */
export async function listPrompts(tx: Tx, url: string, query: z.infer<typeof PromptQuery>) {
  const { prompt_type, is_active } = query
  const page = await listPage(tx, {
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: 'prompt_type',
    from: ai_prompts,
    rows: tx.select().from(ai_prompts).$dynamic(),
    where: [
      contains(ai_prompts.prompt_value, query.search),
      ...equalTo(ai_prompts, { prompt_type, is_active }),
    ],
  })
  return { ...page, results: page.results.map(withDefault) }
}

export async function getPrompt(tx: Tx, id: number) {
  const [row] = await tx.select().from(ai_prompts).where(eq(ai_prompts.id, id))
  if (!row) throw notFound()
  return withDefault(row)
}

function withDefault(row: Row) {
  const default_prompt = DEFAULT_PROMPTS[row.prompt_type]
  return { ...row, prompt_value: row.prompt_value ?? default_prompt, default_prompt }
}

/** Saves a prompt of a type; an account has one per type. Returns its id. */
export async function createPrompt(tx: Tx, caller: Caller, input: z.infer<typeof NewPrompt>) {
  requireTemplate(input.prompt_type, input.prompt_value)
  const [row] = await tx
    .insert(ai_prompts)
    .values({ ...input, account_id: caller.accountId })
    .onConflictDoNothing()
    .returning({ id: ai_prompts.id })
  if (row) return row.id
  throw new DomainError(
    'already_exists',
    `The account already has a prompt of the type ${input.prompt_type}. Update that one.`,
    { errors: [{ path: 'prompt_type', message: 'already has a prompt' }] },
  )
}

export async function updatePrompt(
  tx: Tx,
  before: Pick<Row, 'id' | 'prompt_type'>,
  input: z.infer<typeof UpdatePrompt>,
): Promise<void> {
  requireTemplate(before.prompt_type, input.prompt_value)
  await tx
    .update(ai_prompts)
    .set({ ...input, updated_at: sql`now()` })
    .where(eq(ai_prompts.id, before.id))
}

/** Resets a prompt: from then on it follows the default, also when the default changes. */
export async function resetPrompt(tx: Tx, id: number) {
  await tx
    .update(ai_prompts)
    .set({ prompt_value: null, updated_at: sql`now()` })
    .where(eq(ai_prompts.id, id))
  return getPrompt(tx, id)
}

/** Throws a 400 for an unknown placeholder and lists the known ones. */
export function requireTemplate(type: PromptType, template: string | undefined): void {
  const fault = template === undefined ? undefined : templateFault(type, template)
  if (fault) throw invalid('prompt_value', fault)
}

export function defaultPrompts() {
  return PROMPT_TYPES.map((prompt_type) => ({
    prompt_type,
    default_prompt: DEFAULT_PROMPTS[prompt_type],
    placeholders: Object.entries(PLACEHOLDERS[prompt_type]).map(([name, description]) => ({
      name,
      description,
      required: REQUIRED_PLACEHOLDERS[prompt_type]?.includes(name) ?? false,
    })),
  }))
}
