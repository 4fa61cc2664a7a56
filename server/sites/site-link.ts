import type { Tx } from '../../db/database.ts'
import { invalid } from '../errors.ts'
import type { Caller } from '../http/caller.ts'

type Link = { wp_url: string; wp_username: string; wp_app_password: string }

/** Links a site to its WordPress. `publishing/` implements it; the application passes it in. */
export type SiteLink = {
  /** Starts the check in the caller's transaction; a worker stores a link that passes. Returns the run. */
  accept(tx: Tx, caller: Caller, siteId: number, link: Link): Promise<number>
  /** Waits for the check. Returns the run if it takes longer, otherwise undefined. Throws `site_check_failed`. */
  wait(caller: Caller, runId: number): Promise<number | undefined>
}

type Named = { [field in keyof Link]?: string | null | undefined }

/**
 * The link that an update requests, or undefined if it changes none. A new URL or user name needs a
 * password, because a stored password is never sent to an address or with a name it was not given for.
 */
export function linkAskedFor(before: Omit<Named, 'wp_app_password'>, input: Named) {
  const wp_url = input.wp_url?.replace(/\/+$/, '') ?? before.wp_url
  const wp_username = input.wp_username ?? before.wp_username
  const { wp_app_password } = input
  refuseNulls(before, input)
  const isAsStored = wp_url === before.wp_url && wp_username === before.wp_username
  if (!wp_app_password && isAsStored) return undefined
  if (!wp_url) throw invalid('wp_url', 'is required to connect WordPress')
  if (!wp_username) throw invalid('wp_username', 'is required to connect WordPress')
  if (!wp_app_password) {
    throw invalid('wp_app_password', 'is required to change wp_url or wp_username')
  }
  return { wp_url, wp_username, wp_app_password }
}

/** Refuses nulls, except for a site that is not linked: it is read with nulls and may be sent as it was read. */
function refuseNulls(before: Named, input: Named): void {
  for (const field of ['wp_url', 'wp_username'] as const) {
    if (input[field] === null && before[field] != null) {
      throw invalid(field, 'cannot be removed here; use DELETE auth/sites/{id}/wordpress/')
    }
  }
}
