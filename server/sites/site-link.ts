import type { Tx } from '../../db/database.ts'
import { invalid } from '../errors.ts'
import type { Caller } from '../http/caller.ts'

type Link = { wp_url: string; wp_username: string; wp_app_password: string }

/** How a site's WordPress is linked: `publishing/` does it, and the application hands it over. */
export type SiteLink = {
  /** Accepts the check, in the caller's transaction; a worker stores what holds. Returns the run. */
  accept(tx: Tx, caller: Caller, siteId: number, link: Link): Promise<number>
  /** Waits for it: the run while it takes longer, else undefined. Throws `site_check_failed`. */
  wait(caller: Caller, runId: number): Promise<number | undefined>
}

type Named = { [field in keyof Link]?: string | null | undefined }

/**
 * What an update asks to be linked, or undefined when it changes nothing of that. A password is never
 * sent to an address, or with a name, that it was not given for: those come with one.
 */
export function linkAskedFor(before: Omit<Named, 'wp_app_password'>, input: Named) {
  const wp_url = input.wp_url?.replace(/\/+$/, '') ?? before.wp_url
  const wp_username = input.wp_username ?? before.wp_username
  const { wp_app_password } = input
  refuseNulls(before, input)
  const isAsStored = wp_url === before.wp_url && wp_username === before.wp_username
  if (!wp_app_password && isAsStored) return undefined
  if (!wp_url) throw invalid('wp_url', 'is needed to link a WordPress')
  if (!wp_username) throw invalid('wp_username', 'is needed to link a WordPress')
  if (!wp_app_password) {
    throw invalid('wp_app_password', 'is needed to change wp_url or wp_username')
  }
  return { wp_url, wp_username, wp_app_password }
}

/** A site is read with nulls before it is linked, and may be sent back as it was read. */
function refuseNulls(before: Named, input: Named): void {
  for (const field of ['wp_url', 'wp_username'] as const) {
    if (input[field] === null && before[field] != null) {
      throw invalid(field, 'is forgotten by DELETE auth/sites/{id}/wordpress/')
    }
  }
}
