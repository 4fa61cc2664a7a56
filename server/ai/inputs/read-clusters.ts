import { and, eq, sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'
import { clusters, keywords } from '../../../db/schema/planner.ts'
import type { ClusterKeywordsInput } from '../provider.ts'

const SHOWN_CLUSTERS = 300
const SAMPLES = 5

// Nested in what is selected: drizzle leaves out the tables of columns that stand there themselves.
const itsKeywords = sql`from ${keywords} where ${keywords.account_id} = ${clusters.account_id}
  and ${keywords.cluster_id} = ${clusters.id}`

/** The sector's active clusters with samples of their keywords, the largest first. */
export async function readClusters(
  tx: Tx,
  { site_id, sector_id }: { site_id: number; sector_id: number },
): Promise<ClusterKeywordsInput['existing_clusters']> {
  return tx
    .select({
      name: clusters.name,
      sample_keywords: sql<string[]>`array(select ${keywords.keyword} ${itsKeywords}
        order by ${keywords.volume} desc limit ${SAMPLES})`,
    })
    .from(clusters)
    .where(
      and(
        eq(clusters.site_id, site_id),
        eq(clusters.sector_id, sector_id),
        eq(clusters.status, 'active'),
      ),
    )
    .orderBy(sql`(select count(*) ${itsKeywords}) desc`, clusters.id)
    .limit(SHOWN_CLUSTERS)
}
