import { z } from '@hono/zod-openapi'
import { eq } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { run_steps } from '../../db/schema/runs.ts'
import { tasks } from '../../db/schema/writer.ts'
import type { Resolution } from '../../wp-bridge/client/merge/edits.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import { longText } from '../http/schemas.ts'
import type { RunPlan } from '../runs/accept-run.ts'
import { openSteps } from '../runs/open-steps.ts'
import { articleProblem } from '../tasks/check-article.ts'
import { planPublishing } from './plan-publishing.ts'
import { withdrawApproval } from './withdraw-approval.ts'

const choices = z
  .array(z.union([z.enum(['ours', 'theirs']), z.strictObject({ text: longText(1_000_000) })]))
  .max(1000)

export const Conflict = z
  .object({
    conflict_id: z.string(),
    clashes: z.array(
      z.object({
        field: z.enum(['title', 'excerpt', 'content']),
        base: z.string().nullable().openapi({
          description: 'The text that both sides changed, as it was last sent. Null if unknown.',
        }),
        ours: z.string().openapi({ description: 'The text of the article.' }),
        theirs: z.string().openapi({ description: 'The text of the post in WordPress.' }),
      }),
    ),
    decided: choices.nullable().openapi({
      description:
        'The choices that will be published and that an approval covers. Null until somebody has decided.',
    }),
  })
  .openapi('Conflict')

export const ResolveConflict = z.strictObject({
  conflict_id: z.string().max(100),
  choices: choices.openapi({
    description:
      'One choice for each clash, in the same order: a side, or a new text (HTML for the content, plain text for title and excerpt). A new text withdraws the approval.',
  }),
})

/** Where an update of a task's post and a person's edit do not go together; a 404 when nowhere. */
export async function getConflict(tx: Tx, id: number) {
  const conflict = await conflictOf(tx, id)
  const { conflict_id, clashes } = conflict
  return { conflict_id, clashes, decided: await decidedChoices(tx, id, conflict_id) }
}

async function decidedChoices(tx: Tx, taskId: number, conflictId: string) {
  const [step] = await tx
    .select({ params: run_steps.params })
    .from(run_steps)
    .where(openSteps('publish', taskId))
  const { data } = ResolveConflict.safeParse(step?.params.resolution)
  return data?.conflict_id === conflictId ? data.choices : null
}

async function conflictOf(tx: Tx, id: number) {
  const [task] = await tx.select({ conflict: tasks.conflict }).from(tasks).where(eq(tasks.id, id))
  if (!task?.conflict) throw notFound()
  return task.conflict
}

/** Plans that what was asked for is published as somebody decided. */
export async function planResolution(
  tx: Tx,
  id: number,
  { conflict_id, choices }: z.infer<typeof ResolveConflict>,
): Promise<RunPlan> {
  const conflict = await conflictOf(tx, id)
  if (conflict.conflict_id !== conflict_id) {
    throw new DomainError(
      'wrong_state',
      'The conflict has changed since you read it. Fetch it again.',
    )
  }
  const { clashes, wanted } = conflict
  if (choices.length !== clashes.length) {
    throw invalid('choices', `must have one choice for each of the ${clashes.length} clashes`)
  }
  for (const [at, choice] of choices.entries()) {
    const isHtml = typeof choice === 'object' && clashes[at]?.field === 'content'
    const problem = isHtml ? articleProblem(choice.text) : undefined
    if (problem) throw invalid(`choices.${at}.text`, problem)
  }
  const resolution: Resolution = { conflict_id, choices }
  const publish_at = wanted.publish_at && Date.parse(wanted.publish_at) > Date.now()
  const status = wanted.status === 'future' ? 'publish' : wanted.status
  const input = publish_at ? { publish_at: wanted.publish_at } : { status }
  const plan = await planPublishing(tx, { ids: [id], ...input })
  if (choices.some((choice) => typeof choice !== 'string')) await withdrawApproval(tx, [id])
  for (const step of plan.steps) step.params = { ...step.params, resolution }
  return plan
}
