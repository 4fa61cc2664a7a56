import type { JobContract } from '../queue.ts'

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
