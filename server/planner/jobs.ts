import type { JobContract } from '../queue.ts'

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
