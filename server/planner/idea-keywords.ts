import { eq } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { content_ideas, idea_keywords } from '../../db/schema/planner.ts'
import type { SiteSector } from '../sites/site-sector.ts'
import { resolveKeywords } from '../tasks/resolve-keywords.ts'

type Idea = SiteSector & { id: number; account_id: number }
type Named = { keyword_objects?: number[]; target_keywords?: string }

/**
 * Links an idea to keywords, given by id or as a comma-separated list, and keeps both forms consistent; see
 * `resolveKeywords`. Does nothing if neither is given.
 */
export async function setIdeaKeywords(tx: Tx, idea: Idea, named: Named): Promise<void> {
  const { account_id, id: idea_id } = idea
  const { keyword_objects: ids, target_keywords: list } = named
  const linked = await resolveKeywords(tx, idea, { ids, list })
  if (!linked) return
  await tx.delete(idea_keywords).where(eq(idea_keywords.idea_id, idea_id))
  if (linked.ids.length > 0) {
    await tx
      .insert(idea_keywords)
      .values(linked.ids.map((keyword_id) => ({ account_id, idea_id, keyword_id })))
  }
  await tx
    .update(content_ideas)
    .set({ target_keywords: linked.text })
    .where(eq(content_ideas.id, idea_id))
}
