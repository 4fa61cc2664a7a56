import { eq, getTableColumns, like, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { industries, SITE_STATUSES, sites } from '../../db/schema/sites.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import { freeSlug, slugOf } from '../formats/slug.ts'
import type { Caller } from '../http/caller.ts'
import { isCheckViolation, isDataException, isUniqueViolation } from '../http/database-errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryBoolean, queryId } from '../http/schemas.ts'
import { requireNoOpenRuns } from './require-no-open-runs.ts'
import type { NewSite, UpdateSite } from './schemas.ts'
import { linkAskedFor, type SiteLink } from './site-link.ts'
import { statusInStep } from './status.ts'

const {
  wp_app_password: _secret,
  wp_rest_root: _root,
  wp_bridge_keys: _keys,
  wp_probe_at: _probe,
  wp_probes: _probes,
  wp_webhooks_failing_since: _failingSince,
  wp_webhooks_failures: _failures,
  wp_webhooks_try_at: _tryAt,
  ...columns
} = getTableColumns(sites)
const selection = {
  ...columns,
  // Written out because drizzle omits the table name from columns in a select from one table.
  active_sectors_count: sql<number>`(select count(*)::int from sectors s
    where s.account_id = sites.account_id and s.site_id = sites.id and s.is_active)`.as(
    'active_sectors_count',
  ),
}

const SITE_ORDERINGS = { created_at: sites.created_at, name: sites.name }
export const SiteQuery = listQuery(SITE_ORDERINGS, {
  status: z.enum(SITE_STATUSES).optional(),
  industry_id: queryId.optional(),
  is_active: queryBoolean.optional(),
})

export function listSites(tx: Tx, url: string, query: z.infer<typeof SiteQuery>) {
  const { status, industry_id, is_active } = query
  return listPage(tx, {
    url,
    query,
    orderings: SITE_ORDERINGS,
    defaultOrdering: '-created_at',
    from: sites,
    rows: tx.select(selection).from(sites).$dynamic(),
    where: [
      contains(sites.name, query.search),
      ...equalTo(sites, { status, industry_id, is_active }),
    ],
  })
}

/** The site. Throws a 404 for one of another account or without a grant. */
export async function getSite(tx: Tx, id: number) {
  const [site] = await tx.select(selection).from(sites).where(eq(sites.id, id))
  if (!site) throw notFound()
  return site
}

/** Returns the new site's id. */
export async function createSite(tx: Tx, caller: Caller, input: z.infer<typeof NewSite>) {
  await checkIndustry(tx, input.industry_id)
  const slug = input.slug ?? (await freeSiteSlug(tx, input.name))
  const [site] = await tx
    .insert(sites)
    .values({ ...input, ...statusInStep(input, 'active'), slug, account_id: caller.accountId })
    .onConflictDoNothing()
    .returning({ id: sites.id })
    .catch((error: unknown) => {
      throw dripRefused(error)
    })
  if (!site) throw slugTaken(slug)
  return site.id
}

/** Returns the run that checks the site's WordPress, if the update names one. */
export async function updateSite(
  tx: Tx,
  siteLink: SiteLink,
  caller: Caller,
  before: Awaited<ReturnType<typeof getSite>>,
  { wp_url, wp_username, wp_app_password, ...input }: z.infer<typeof UpdateSite>,
): Promise<number | undefined> {
  const link = linkAskedFor(before, { wp_url, wp_username, wp_app_password })
  await checkIndustry(tx, input.industry_id)
  try {
    await tx
      .update(sites)
      .set({ ...input, ...statusInStep(input, before.status), updated_at: sql`now()` })
      .where(eq(sites.id, before.id))
  } catch (error) {
    throw isUniqueViolation(error) ? slugTaken(input.slug ?? '') : dripRefused(error)
  }
  return link && siteLink.accept(tx, caller, before.id, link)
}

/** Deletes a site with everything in it. Its WordPress is not changed. */
export async function deleteSite(tx: Tx, id: number): Promise<void> {
  await requireNoOpenRuns(tx, { siteId: id })
  await tx.delete(sites).where(eq(sites.id, id))
}

/** Converts errors of database checks on the publishing schedule. */
function dripRefused(error: unknown): unknown {
  if (isCheckViolation(error)) return invalid('publish_until', 'must be later than publish_from')
  if (isDataException(error))
    return invalid('time_zone', 'is not a time zone that the database knows')
  return error
}

async function checkIndustry(tx: Tx, id: number | null | undefined): Promise<void> {
  if (!id) return
  const [found] = await tx
    .select({ id: industries.id })
    .from(industries)
    .where(eq(industries.id, id))
  if (!found) throw invalid('industry_id', 'must be an industry; see auth/industries/')
}

async function freeSiteSlug(tx: Tx, name: string): Promise<string> {
  const wanted = slugOf(name, 'site')
  const rows = await tx
    .select({ slug: sites.slug })
    .from(sites)
    .where(like(sites.slug, `${wanted}%`))
  return freeSlug(wanted, new Set(rows.map(({ slug }) => slug)))
}

function slugTaken(slug: string): DomainError {
  return new DomainError(
    'already_exists',
    `Another of your sites uses the slug "${slug}". Choose another one.`,
    {
      errors: [{ path: 'slug', message: 'is taken' }],
    },
  )
}
