/**
 * How a publication is retried, from one request to a site that stays down. Each level begins where the
 * one before it gives up:
 *
 * 1. A request that WordPress may get twice is sent again (`REQUEST_RETRY_MS`). A wait that the site asks
 *    for, or that has a default here, is kept.
 * 2. A create is never repeated blindly. While its outcome is unknown, igny8 looks for the object
 *    (`LOOK_UP_MS`, then at least every `MAX_PENDING_MS`), and creates it again only after `SETTLE_MS`.
 *    These waits cost no retry; `jobs/run-step.ts` limits them to hours.
 * 3. The step is retried (`PUBLISH_RETRY_SECONDS`, `UNPUBLISH_RETRY_SECONDS`). From the retry
 *    `CHECK_SITE_AFTER_RETRIES` on, each failure that may be the site's makes igny8 examine the site.
 * 4. A site that does not work is paused. Its publications wait, and igny8 probes it (`PROBE_SECONDS`).
 * 5. A published post is looked at as a visitor (`LIVE_CHECK_MS`), then by a scheduled task
 *    (`VERIFY_MINUTES`).
 */

/** Waits before the second and the third attempt at a request that may be repeated. */
export const REQUEST_RETRY_MS = [250, 1_000]
/** The wait for a rate limit without `Retry-After`. */
export const RATE_LIMIT_MS = 30_000
/** The wait for WordPress's maintenance mode without `Retry-After`: an update takes about a minute. */
export const MAINTENANCE_MS = 60_000
/** The wait for another request that the plugin carries out for the same article. */
export const PLUGIN_BUSY_MS = 2_000

/** Waits between the look-ups of an object after a create without an answer: it mostly shows soon. */
export const LOOK_UP_MS = [250, 750, 1_000]
/** The longest wait before the next attempt while an outcome is unknown. */
export const MAX_PENDING_MS = 10_000
/** PHP's own time limits end a request well before: what does not exist by then was not created. */
export const SETTLE_MS = 5 * 60_000
/** Retries of a publication in which WordPress is asked again for an object that it failed to create. */
export const MAX_REFUSED_RETRIES = 2

/** Waits before each retry of the step. */
export const PUBLISH_RETRY_SECONDS = [2, 5, 15, 60, 300, 900]
export const UNPUBLISH_RETRY_SECONDS = [2, 5, 15, 60, 300]
/** From this retry on, a failure makes igny8 check whether the whole site is down. */
export const CHECK_SITE_AFTER_RETRIES = 3

/** Waits before each probe of a paused site; the last one repeats. */
export const PROBE_SECONDS = [15, 30, 60, 120, 300, 600, 1_800]

/** Waits before each look at a page that was just published: caches may show its old version. */
export const LIVE_CHECK_MS = [0, 500, 1_500, 4_000, 10_000]
/** Waits before each later look at a post that visitors do not see yet; after the last igny8 gives up. */
export const VERIFY_MINUTES = [1, 5, 15, 60, 240, 720, 1_440]
/** WordPress publishes a scheduled post when the next visitor comes: how long it may take. */
export const SCHEDULE_GRACE_MS = 2 * 60_000
