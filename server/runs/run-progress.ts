import { z } from '@hono/zod-openapi'
import { eq } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { RUN_STATES, runs } from '../../db/schema/runs.ts'
import { notFound } from '../errors.ts'

const Entry = z.object({ at: z.string(), step: z.string(), message: z.string() })

export const Progress = z
  .object({
    task_id: z.int(),
    state: z.enum(RUN_STATES),
    meta: z.object({
      phase: z.string(),
      percentage: z.int(),
      current: z.int(),
      total: z.int(),
      message: z.string(),
      request_steps: z.array(Entry),
      response_steps: z.array(Entry),
    }),
    result: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({
        description:
          '`steps` has the `result` or `error` of each step. `left_out` marks steps whose result is omitted ' +
          'because all results together exceed 4 MB.',
      }),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .openapi('TaskProgress')
export type Progress = z.infer<typeof Progress>

/** The progress of a run. */
export async function getProgress(tx: Tx, runId: number): Promise<Progress> {
  const [run] = await tx.select().from(runs).where(eq(runs.id, runId))
  if (!run) throw notFound()
  const { current, total } = run
  return {
    task_id: run.id,
    state: run.state,
    meta: {
      phase: run.phase,
      percentage: total === 0 ? 100 : Math.min(100, Math.floor((current * 100) / total)),
      current,
      total,
      message: run.message,
      request_steps: run.request_steps,
      response_steps: run.response_steps,
    },
    result: run.result,
    error: run.error,
  }
}

export function isOver({ state }: Progress): boolean {
  return state === 'SUCCESS' || state === 'FAILURE' || state === 'CANCELLED'
}
