import type { RunKind } from '../../db/schema/runs.ts'
import {
  PUBLISH_RETRY_SECONDS,
  UNPUBLISH_RETRY_SECONDS,
} from '../../wp-bridge/client/publish/retry-policy.ts'
import type { JobContract } from './queue.ts'

const JOBS: Record<RunKind, Omit<JobContract, 'name'>> = {
  /** One at a time per process, because the local provider computes in this thread. */
  cluster_keywords: { concurrency: 1, retryDelays: [5, 30, 120] },
  generate_ideas: { concurrency: 4, retryDelays: [5, 30, 120] },
  import_gsc: { concurrency: 1, retryDelays: [5, 30, 120] },
  generate_content: { concurrency: 4, retryDelays: [5, 30, 120] },
  generate_images: { concurrency: 2, retryDelays: [5, 30, 120] },
  publish: { concurrency: 4, retryDelays: PUBLISH_RETRY_SECONDS },
  /** Not retried: `verify-posts.ts` schedules the next check. */
  verify_post: { concurrency: 2, retryDelays: [] },
  unpublish: { concurrency: 2, retryDelays: UNPUBLISH_RETRY_SECONDS },
  discover_wordpress: { concurrency: 2, retryDelays: [1] },
  /** A person waits for the result, so a refusal by the site is returned instead of retried. */
  link_wordpress: { concurrency: 2, retryDelays: [1] },
  examine_wordpress: { concurrency: 2, retryDelays: [1] },
  /** Checks whether a paused site works again: see `probe-sites.ts`. */
  probe_wordpress: { concurrency: 2, retryDelays: [] },
  unlink_wordpress: { concurrency: 2, retryDelays: [1] },
  /** A person waits for the result, so a refusal by the provider is returned instead of retried. */
  test_connection: { concurrency: 2, retryDelays: [1] },
  test_image: { concurrency: 2, retryDelays: [1] },
  connect_gsc: { concurrency: 2, retryDelays: [1] },
}

/** The contract of each kind of job; one that is missing does not compile. */
export const contracts = Object.fromEntries(
  Object.entries(JOBS).map(([name, contract]) => [name, { name, ...contract }]),
) as Record<RunKind, JobContract>
