import { type JobContract, StepPayload } from '../queue.ts'

export const generateContentJob: JobContract = {
  name: 'generate_content',
  payload: StepPayload,
  concurrency: 4,
  retryDelays: [5, 30, 120],
}

export const generateImagesJob: JobContract = {
  name: 'generate_images',
  payload: StepPayload,
  concurrency: 2,
  retryDelays: [5, 30, 120],
}
