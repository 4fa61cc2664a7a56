import { type JobContract, StepPayload } from '../queue.ts'

/** Somebody waits for the answer: what the provider answers is told, not retried. */
export const testConnectionJob: JobContract = {
  name: 'test_connection',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [1],
}

export const testImageJob: JobContract = {
  name: 'test_image',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [1],
}

export const connectGscJob: JobContract = {
  name: 'connect_gsc',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [1],
}
