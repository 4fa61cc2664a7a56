import { type JobContract, StepPayload } from '../queue.ts'

/** One at a time in a process: the local provider computes in this thread. */
export const clusterKeywordsJob: JobContract = {
  name: 'cluster_keywords',
  payload: StepPayload,
  concurrency: 1,
  retryDelays: [5, 30, 120],
}

export const generateIdeasJob: JobContract = {
  name: 'generate_ideas',
  payload: StepPayload,
  concurrency: 4,
  retryDelays: [5, 30, 120],
}

export const importGscJob: JobContract = {
  name: 'import_gsc',
  payload: StepPayload,
  concurrency: 1,
  retryDelays: [5, 30, 120],
}
