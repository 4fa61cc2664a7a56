import type { JobContract } from '../queue.ts'

export const publishJob: JobContract = {
  name: 'publish',
  concurrency: 4,
  retryDelays: [2, 5, 15, 60, 300, 900],
}

/** Whether a post is live is looked at again by and by: see `verify-posts.ts`. */
export const verifyPostJob: JobContract = {
  name: 'verify_post',
  concurrency: 2,
  retryDelays: [],
}

export const unpublishJob: JobContract = {
  name: 'unpublish',
  concurrency: 2,
  retryDelays: [2, 5, 15, 60, 300],
}

export const discoverWordPressJob: JobContract = {
  name: 'discover_wordpress',
  concurrency: 2,
  retryDelays: [1],
}

/** Somebody waits for the answer: what the site answers is told, not retried. */
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

/** Whether a paused site works again: see `probe-sites.ts`. */
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
