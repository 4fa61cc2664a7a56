import { sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { clusters } from '../../db/schema/planner.ts'
import { IDEA_PRICE } from '../billing/prices.ts'
import { notFound } from '../errors.ts'
import type { RunPlan } from '../runs/accept-run.ts'
import { contracts } from '../runs/job-contracts.ts'
import { requireActive } from '../sites/require-active.ts'
import type { GenerateIdeas } from './schemas.ts'

/** The params of a step that generates ideas. */
export const IdeasWanted = z.object({ count: z.int().min(1) })

/** Plans the generation of ideas, with one step per cluster. */
export async function planIdeas(tx: Tx, input: z.infer<typeof GenerateIdeas>): Promise<RunPlan> {
  const ids = [...new Set(input.ids)]
  const wanted: z.infer<typeof IdeasWanted> = { count: input.ideas_per_cluster }
  const rows = await tx
    .select({ site_id: clusters.site_id, sector_id: clusters.sector_id })
    .from(clusters)
    .where(sql`${clusters.id} = any(${sql.param(ids)}::bigint[])`)
  if (rows.length < ids.length) throw notFound()
  await requireActive(tx, rows)
  const sites = new Set(rows.map(({ site_id }) => site_id))
  const price = wanted.count * IDEA_PRICE
  return {
    kind: 'generate_ideas',
    siteId: sites.size === 1 ? rows[0]!.site_id : null,
    params: { ids, ...wanted },
    steps: ids.map((id) => ({
      contract: contracts.generate_ideas,
      objectId: id,
      price,
      params: wanted,
    })),
  }
}
