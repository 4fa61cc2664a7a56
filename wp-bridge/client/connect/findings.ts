/** On the way from an address to a published post, in this order. */
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
  /** Null when it could not be looked at, since a check before it failed. */
  ok: boolean | null
  /** Nothing can be published before it is mended. */
  blocking: boolean
  /** Stable, snake_case; null where there is nothing to say, as are the next two. */
  code: string | null
  /** What is the matter: a sentence. */
  cause: string | null
  /** What to do: a sentence. */
  remedy: string | null
}
