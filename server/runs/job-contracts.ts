import type { JobContract } from './queue.ts'

/** One at a time in a process: the local provider computes in this thread. */
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

/** Somebody waits for the answer: what the provider answers is told, not retried. */
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
