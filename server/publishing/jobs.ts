import { type JobContract, StepPayload } from '../queue.ts'

export const publishJob: JobContract = {
  name: 'publish',
  payload: StepPayload,
  concurrency: 4,
  retryDelays: [2, 5, 15, 60, 300, 900],
}

/** Whether a post is live is looked at again by and by: see `verify-posts.ts`. */
export const verifyPostJob: JobContract = {
  name: 'verify_post',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [],
}

export const unpublishJob: JobContract = {
  name: 'unpublish',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [2, 5, 15, 60, 300],
}

export const discoverWordPressJob: JobContract = {
  name: 'discover_wordpress',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [1],
}

/** Somebody waits for the answer: what the site answers is told, not retried. */
export const linkWordPressJob: JobContract = {
  name: 'link_wordpress',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [1],
}

export const examineWordPressJob: JobContract = {
  name: 'examine_wordpress',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [1],
}

/** Whether a paused site works again: see `probe-sites.ts`. */
export const probeWordPressJob: JobContract = {
  name: 'probe_wordpress',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [],
}

export const unlinkWordPressJob: JobContract = {
  name: 'unlink_wordpress',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [1],
}
