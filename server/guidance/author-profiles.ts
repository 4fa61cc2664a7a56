import { and, eq, getTableColumns, ne, or, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { author_profiles } from '../../db/schema/guidance.ts'
import { DomainError, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { isUniqueViolation } from '../http/database-errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { bytesOf } from '../http/response-size.ts'
import { queryBoolean } from '../http/schemas.ts'
import type { NewAuthorProfile, UpdateAuthorProfile } from './schemas.ts'

const ORDERINGS = { created_at: author_profiles.created_at, name: author_profiles.name }
export const AuthorProfileQuery = listQuery(ORDERINGS, {
  is_active: queryBoolean.optional(),
  is_default: queryBoolean.optional(),
})

/** Lists author profiles, searched by name and description. */
export function listAuthorProfiles(tx: Tx, url: string, query: z.infer<typeof AuthorProfileQuery>) {
  const { is_active, is_default, search } = query
  return listPage(tx, {
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: 'name',
    from: author_profiles,
    bytes: bytesOf(getTableColumns(author_profiles)),
    rows: tx.select().from(author_profiles).$dynamic(),
    where: [
      or(contains(author_profiles.name, search), contains(author_profiles.description, search)),
      ...equalTo(author_profiles, { is_active, is_default }),
    ],
  })
}

export async function getAuthorProfile(tx: Tx, id: number) {
  const [profile] = await tx.select().from(author_profiles).where(eq(author_profiles.id, id))
  if (!profile) throw notFound()
  return profile
}

/** Returns the new profile's id. */
export async function createAuthorProfile(
  tx: Tx,
  caller: Caller,
  input: z.infer<typeof NewAuthorProfile>,
): Promise<number> {
  if (input.is_default) await clearDefault(tx, 0)
  const [profile] = await orDefaultTaken(
    tx
      .insert(author_profiles)
      .values({ ...input, account_id: caller.accountId })
      .returning({ id: author_profiles.id }),
  )
  return profile!.id
}

export async function updateAuthorProfile(
  tx: Tx,
  { id }: { id: number },
  input: z.infer<typeof UpdateAuthorProfile>,
): Promise<void> {
  if (input.is_default) await clearDefault(tx, id)
  await orDefaultTaken(
    tx
      .update(author_profiles)
      .set({ ...input, updated_at: sql`now()` })
      .where(eq(author_profiles.id, id)),
  )
}

async function clearDefault(tx: Tx, but: number): Promise<void> {
  await tx
    .update(author_profiles)
    .set({ is_default: false, updated_at: sql`now()` })
    .where(and(eq(author_profiles.is_default, true), ne(author_profiles.id, but)))
}

/** Converts the conflict when two profiles become the default at the same time: an account has one. */
async function orDefaultTaken<T>(write: PromiseLike<T>): Promise<T> {
  try {
    return await write
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    throw new DomainError(
      'already_exists',
      'Another profile was made the default at the same time. Check the list of profiles and try again.',
      {
        errors: [
          {
            path: 'is_default',
            message: 'conflicts with another profile that was just made the default',
          },
        ],
      },
    )
  }
}
