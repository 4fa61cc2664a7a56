import { z } from '@hono/zod-openapi'
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { HOLDS, OPEN_STATES, run_steps } from '../../db/schema/runs.ts'
import { tasks } from '../../db/schema/writer.ts'
import { equalTo, listPage, listQuery } from '../http/lists.ts'
import { nullableTime, queryId, time } from '../http/schemas.ts'

const ORDERINGS = { created_at: run_steps.created_at }
export const PublicationQuery = listQuery(ORDERINGS, {
  site_id: queryId.optional(),
  held: z.enum(HOLDS).optional(),
})

/** A publication that was asked for and has not ended. */
export const Publication = z
  .object({
    id: z.int(),
    task_id: z.int(),
    site_id: z.int(),
    title: z.string(),
    run_id: z
      .int()
      .openapi({ description: 'The run to cancel if the article should not be published.' }),
    state: z.enum(OPEN_STATES).openapi({
      description: '`waiting` means that the article or its images are not ready.',
    }),
    held: z.enum(HOLDS).nullable().openapi({
      description:
        'The condition that it waits for: the approval of the article, or a paused site.',
    }),
    not_before: nullableTime.openapi({
      description: "Its slot in the site's publishing schedule.",
    }),
    created_at: time,
  })
  .openapi('Publication')

/** A page of what is still to be published, or is being published, on sites that the caller may see. */
export function listQueue(tx: Tx, url: string, query: z.infer<typeof PublicationQuery>) {
  const { site_id, held } = query
  return listPage(tx, {
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: 'created_at',
    from: run_steps,
    rows: tx
      .select({
        id: run_steps.id,
        task_id: tasks.id,
        site_id: tasks.site_id,
        title: tasks.title,
        run_id: run_steps.run_id,
        state: sql<(typeof OPEN_STATES)[number]>`${run_steps.state}`,
        held: run_steps.held,
        not_before: run_steps.not_before,
        created_at: run_steps.created_at,
      })
      .from(run_steps)
      .innerJoin(
        tasks,
        and(eq(tasks.account_id, run_steps.account_id), eq(tasks.id, run_steps.object_id)),
      )
      .$dynamic(),
    where: [
      eq(run_steps.kind, 'publish'),
      inArray(run_steps.state, OPEN_STATES),
      // The tasks' policies say which sites are to be seen.
      sql`${run_steps.object_id} in (select id from tasks
        where ${site_id ?? null}::bigint is null or site_id = ${site_id ?? null}::bigint)`,
      ...equalTo(run_steps, { held }),
    ],
  })
}
