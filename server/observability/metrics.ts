import { QueryTally } from '../../db/request-context.ts'

/** The cost of a request: milliseconds to the last byte sent, bytes of the bodies on the wire. */
export type RequestRecord = {
  at: Date
  request_id: string
  account_id: number | null
  method: string
  /** The route's pattern, such as `/api/v1/planner/keywords/{id}/`. */
  route: string
  status: number
  ms: number
  queries: number
  query_ms: number
  bytes_in: number
  bytes_out: number
}

/** What is known of a request when its handler has returned. */
export type Named = Pick<RequestRecord, 'request_id' | 'account_id' | 'method' | 'route' | 'status'>

/** Measures requests and the process; prom-client in Node. */
export type Metrics = {
  /** Starts to measure a request. `env` is what the platform passes with it. */
  begin(env: unknown): { tally: QueryTally; answered(named: Named): void }
  /** The metrics of this process in the Prometheus format, and the number of queued steps of each kind. */
  exposition(queued: QueuedSteps): Promise<{ contentType: string; text: string }>
  /** The last thousand or so, newest first. */
  recent(): RequestRecord[]
  /** Seconds of CPU and bytes of memory that the process has used. */
  process(): { cpu_user_s: number; cpu_system_s: number; rss_bytes: number; heap_bytes: number }
}

export type QueuedSteps = { kind: string; state: string; count: number }[]

/** For platforms without a process to measure. */
export const noMetrics: Metrics = {
  begin: () => ({ tally: new QueryTally(), answered: () => {} }),
  exposition: async () => ({ contentType: 'text/plain', text: '' }),
  recent: () => [],
  process: () => ({ cpu_user_s: 0, cpu_system_s: 0, rss_bytes: 0, heap_bytes: 0 }),
}
