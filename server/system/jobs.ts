import type { JobContract } from '../queue.ts'

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
