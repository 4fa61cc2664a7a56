import { eq, getTableColumns, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { author_profiles, strategies } from '../../db/schema/guidance.ts'
import { sectors } from '../../db/schema/sites.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { isUniqueViolation } from '../http/database-errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { bytesOf } from '../http/response-size.ts'
import { queryBoolean, queryId } from '../http/schemas.ts'
import type { NewStrategy, UpdateStrategy } from './schemas.ts'

const ORDERINGS = { created_at: strategies.created_at, name: strategies.name }
export const StrategyQuery = listQuery(ORDERINGS, {
  sector_id: queryId.optional(),
  author_profile_id: queryId.optional(),
  is_active: queryBoolean.optional(),
})

/** Lists strategies, searched by name and description. */
export function listStrategies(tx: Tx, url: string, query: z.infer<typeof StrategyQuery>) {
  const { sector_id, author_profile_id, is_active, search } = query
  return listPage(tx, {
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: 'name',
    from: strategies,
    bytes: bytesOf(getTableColumns(strategies)),
    rows: tx.select().from(strategies).$dynamic(),
    where: [
      or(contains(strategies.name, search), contains(strategies.description, search)),
      ...equalTo(strategies, { sector_id, author_profile_id, is_active }),
    ],
  })
}

/** The strategy. Throws a 404 for one of another account or in a sector of a site without a grant. */
export async function getStrategy(tx: Tx, id: number) {
  const [strategy] = await tx.select().from(strategies).where(eq(strategies.id, id))
  if (!strategy) throw notFound()
  return strategy
}

/** Returns the new strategy's id. */
export async function createStrategy(tx: Tx, caller: Caller, input: z.infer<typeof NewStrategy>) {
  await requireNamed(tx, input)
  const [strategy] = await orAnotherActive(
    tx
      .insert(strategies)
      .values({ ...input, account_id: caller.accountId })
      .returning({ id: strategies.id }),
  )
  return strategy!.id
}

export async function updateStrategy(
  tx: Tx,
  { id }: { id: number },
  input: z.infer<typeof UpdateStrategy>,
): Promise<void> {
  await requireNamed(tx, input)
  await orAnotherActive(
    tx
      .update(strategies)
      .set({ ...input, updated_at: sql`now()` })
      .where(eq(strategies.id, id)),
  )
}

type Named = { sector_id?: number | null; author_profile_id?: number | null }

/** Locks the named sector and author profile until the transaction ends. Throws a 400 if the account lacks one. */
async function requireNamed(tx: Tx, { sector_id, author_profile_id }: Named): Promise<void> {
  if (sector_id) {
    const [sector] = await tx
      .select({ id: sectors.id })
      .from(sectors)
      .where(eq(sectors.id, sector_id))
      .for('key share')
    if (!sector) throw invalid('sector_id', 'must be a sector of this account')
  }
  if (author_profile_id) {
    const [profile] = await tx
      .select({ id: author_profiles.id })
      .from(author_profiles)
      .where(eq(author_profiles.id, author_profile_id))
      .for('key share')
    if (!profile) throw invalid('author_profile_id', 'must be an author profile of this account')
  }
}

async function orAnotherActive<T>(write: PromiseLike<T>): Promise<T> {
  try {
    return await write
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw new DomainError(
      'already_exists',
      'Another strategy is already active for this sector, or for all sectors. Set is_active to false for one of the two.',
      {
        errors: [
          {
            path: 'is_active',
            message: 'must be false while another strategy is active for the same sector',
          },
        ],
      },
    )
  }
}
