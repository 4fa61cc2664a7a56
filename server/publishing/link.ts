import { eq } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { runs } from '../../db/schema/runs.ts'
import { sites } from '../../db/schema/sites.ts'
import type { Deps } from '../deps.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { acceptRun } from '../runs/accept-run.ts'
import { contracts } from '../runs/job-contracts.ts'
import { runSecret } from '../runs/run-secret.ts'
import type { LinkWordPress } from './schemas.ts'
import { siteCheckResult } from './site-check-result.ts'

/** Accepts the check of a site's credentials; the worker stores them when they hold. Returns the run. */
export function acceptLink(
  deps: Deps,
  caller: Caller,
  siteId: number,
  input: z.infer<typeof LinkWordPress>,
): Promise<number> {
  return deps.database.withAccount(caller.scope, (tx) => linkIn(tx, deps, caller, siteId, input))
}

/** The same, in the caller's transaction. */
export async function linkIn(
  tx: Tx,
  deps: Deps,
  caller: Caller,
  siteId: number,
  input: z.infer<typeof LinkWordPress>,
): Promise<number> {
  const wp_url = siteAddress(input.wp_url)
  await requireSite(tx, siteId)
  const runId = await acceptRun(tx, deps.queue, caller, {
    kind: 'link_wordpress',
    siteId,
    params: {
      wp_url,
      wp_username: input.wp_username,
      service_url: deps.settings.publicUrl(),
    },
    steps: [{ contract: contracts.link_wordpress, objectId: siteId, price: 0 }],
  })
  const place = runSecret(caller.accountId, runId)
  const secret = await deps.secrets.seal(place, input.wp_app_password)
  await tx.update(runs).set({ secret }).where(eq(runs.id, runId))
  return runId
}

/** Implements `SiteLink` (`server/sites/site-link.ts`): links a site in the transaction that updates it. */
export function siteLink(deps: Deps) {
  return {
    accept: (tx: Tx, caller: Caller, siteId: number, input: z.infer<typeof LinkWordPress>) =>
      linkIn(tx, deps, caller, siteId, input),
    async wait(caller: Caller, runId: number) {
      return (await siteCheckResult(deps, caller, runId)) ? undefined : runId
    },
  }
}

/** Accepts that a site be forgotten and its application password revoked. Returns the run. */
export function acceptUnlink(deps: Deps, caller: Caller, siteId: number): Promise<number> {
  return deps.database.withAccount(caller.scope, async (tx) => {
    const site = await requireSite(tx, siteId)
    if (!site.wp_url) throw notLinked(site.name)
    return acceptRun(tx, deps.queue, caller, {
      kind: 'unlink_wordpress',
      siteId,
      params: {},
      steps: [{ contract: contracts.unlink_wordpress, objectId: siteId, price: 0 }],
    })
  })
}

export function notLinked(name: string): DomainError {
  return new DomainError(
    'site_not_linked',
    `The site "${name}" is not connected to WordPress. Connect it with PUT auth/sites/{id}/wordpress/ first.`,
  )
}

/** What is asked of a site that the caller may see, or a 404. */
export async function requireSite(tx: Tx, id: number) {
  const [site] = await tx
    .select({ name: sites.name, wp_url: sites.wp_url })
    .from(sites)
    .where(eq(sites.id, id))
  if (!site) throw notFound()
  return site
}

/** The URL as it is stored, without a trailing slash. Throws a 400 for an invalid one. */
export function siteAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw invalid('wp_url', 'must be a URL such as https://example.com')
  }
  if (url.username || url.password) throw invalid('wp_url', 'must not contain credentials')
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}
