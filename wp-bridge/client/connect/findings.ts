/** In the order of the way from an address to a published post. */
export const CHECKS = [
  'address',
  'name_resolution',
  'connection',
  'tls',
  'redirects',
  'rest_api',
  'application_passwords',
  'authorization_header',
  'credentials',
  'capabilities',
  'least_privilege',
  'upload',
  'post',
  'seo_meta',
  'clock',
  'wp_cron',
  'plugin',
] as const
export type CheckName = (typeof CHECKS)[number]

export interface Finding {
  check: CheckName
  /** Null when it could not run because an earlier check failed. */
  ok: boolean | null
  /** Nothing can be published until it is fixed. */
  blocking: boolean
  /** Stable, in snake_case. Null for a check that passed, as are the next two. */
  code: string | null
  /** What is wrong: a sentence. */
  cause: string | null
  /** What to do: a sentence. */
  remedy: string | null
}
