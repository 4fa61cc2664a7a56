import {
  PUBLISH_RETRY_SECONDS,
  UNPUBLISH_RETRY_SECONDS,
} from '../../wp-bridge/client/publish/retry-policy.ts'
import type { JobContract } from './queue.ts'

/** One at a time per process, because the local provider computes in this thread. */
export const clusterKeywordsJob: JobContract = {
  name: 'cluster_keywords',
  concurrency: 1,
  retryDelays: [5, 30, 120],
}

export const generateIdeasJob: JobContract = {
  name: 'generate_ideas',
  concurrency: 4,
  retryDelays: [5, 30, 120],
}

export const importGscJob: JobContract = {
  name: 'import_gsc',
  concurrency: 1,
  retryDelays: [5, 30, 120],
}

export const generateContentJob: JobContract = {
  name: 'generate_content',
  concurrency: 4,
  retryDelays: [5, 30, 120],
}

export const generateImagesJob: JobContract = {
  name: 'generate_images',
  concurrency: 2,
  retryDelays: [5, 30, 120],
}

export const publishJob: JobContract = {
  name: 'publish',
  concurrency: 4,
  retryDelays: PUBLISH_RETRY_SECONDS,
}

/** Not retried: `verify-posts.ts` schedules the next check. */
export const verifyPostJob: JobContract = {
  name: 'verify_post',
  concurrency: 2,
  retryDelays: [],
}

export const unpublishJob: JobContract = {
  name: 'unpublish',
  concurrency: 2,
  retryDelays: UNPUBLISH_RETRY_SECONDS,
}

export const discoverWordPressJob: JobContract = {
  name: 'discover_wordpress',
  concurrency: 2,
  retryDelays: [1],
}

/** A person waits for the result, so a refusal by the site is returned instead of retried. */
export const linkWordPressJob: JobContract = {
  name: 'link_wordpress',
  concurrency: 2,
  retryDelays: [1],
}

export const examineWordPressJob: JobContract = {
  name: 'examine_wordpress',
  concurrency: 2,
  retryDelays: [1],
}

/** Checks whether a paused site works again: see `probe-sites.ts`. */
export const probeWordPressJob: JobContract = {
  name: 'probe_wordpress',
  concurrency: 2,
  retryDelays: [],
}

export const unlinkWordPressJob: JobContract = {
  name: 'unlink_wordpress',
  concurrency: 2,
  retryDelays: [1],
}

/** A person waits for the result, so a refusal by the provider is returned instead of retried. */
export const testConnectionJob: JobContract = {
  name: 'test_connection',
  concurrency: 2,
  retryDelays: [1],
}

export const testImageJob: JobContract = {
  name: 'test_image',
  concurrency: 2,
  retryDelays: [1],
}

export const connectGscJob: JobContract = {
  name: 'connect_gsc',
  concurrency: 2,
  retryDelays: [1],
}
