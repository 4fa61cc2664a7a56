import { and, eq, inArray } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { site_user_access, sites } from '../../db/schema/sites.ts'
import type { Deps } from '../deps.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { isForeignKeyViolation } from '../http/database-errors.ts'
import { equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryId } from '../http/schemas.ts'
import { audit } from '../observability/audit.ts'
import { getSite } from './sites.ts'

const GRANT_ORDERINGS = { created_at: site_user_access.created_at }
export const GrantQuery = listQuery(GRANT_ORDERINGS, { user_id: queryId.optional() })

export async function listGrants(
  tx: Tx,
  url: string,
  siteId: number,
  query: z.infer<typeof GrantQuery>,
) {
  await getSite(tx, siteId)
  const { user_id } = query
  return listPage(tx, {
    url,
    query,
    orderings: GRANT_ORDERINGS,
    defaultOrdering: '-created_at',
    from: site_user_access,
    rows: tx.select().from(site_user_access).$dynamic(),
    where: equalTo(site_user_access, { site_id: siteId, user_id }),
  })
}

/** Throws a 400 unless all are sites of the account. */
export async function requireSites(tx: Tx, siteIds: number[]): Promise<void> {
  const wanted = new Set(siteIds)
  const count = await tx.$count(sites, inArray(sites.id, [...wanted]))
  if (count < wanted.size) throw invalid('site_ids', 'must only have sites of this account')
}

/** Grants a site to an editor or viewer. Higher roles see every site without a grant. */
export function grantSite(deps: Deps, caller: Caller, siteId: number, userId: number) {
  return deps.database.withAccount(caller.scope, async (tx) => {
    await getSite(tx, siteId)
    const { accountId } = caller
    try {
      const [grant] = await tx
        .insert(site_user_access)
        .values({
          account_id: accountId,
          site_id: siteId,
          user_id: userId,
          granted_by_id: caller.userId,
        })
        .onConflictDoNothing()
        .returning()
      if (!grant)
        throw new DomainError('already_exists', 'The user already has access to this site.')
      await auditGrant(tx, caller, 'site.access_granted', siteId, userId)
      return grant
    } catch (error) {
      throw isForeignKeyViolation(error)
        ? invalid('user_id', 'must be a user of this account')
        : error
    }
  })
}

export function revokeGrant(
  deps: Deps,
  caller: Caller,
  siteId: number,
  grantId: number,
): Promise<void> {
  return deps.database.withAccount(caller.scope, async (tx) => {
    await getSite(tx, siteId)
    const [revoked] = await tx
      .delete(site_user_access)
      .where(and(eq(site_user_access.site_id, siteId), eq(site_user_access.id, grantId)))
      .returning()
    if (!revoked) throw notFound()
    await auditGrant(tx, caller, 'site.access_revoked', siteId, revoked.user_id)
  })
}

async function auditGrant(
  tx: Tx,
  caller: Caller,
  action: 'site.access_granted' | 'site.access_revoked',
  siteId: number,
  user_id: number,
) {
  await audit(tx, caller, action, { object: { type: 'site', id: siteId }, detail: { user_id } })
}
