import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { QueryTally } from '../../db/request-context.ts'
import type { Metrics, Named, QueuedSteps, RequestRecord } from './metrics.ts'

const RECENT = 1000
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export type NodeMetrics = Metrics & {
  /** Counts the bytes of each request's bodies, including those that no handler reads. */
  watch(server: Server): void
  stepEnded(
    kind: string,
    outcome: 'succeeded' | 'failed' | 'retried' | 'held',
    seconds: number,
  ): void
}

/** `connectionsInUse` returns how many connections of the database pool are in use. */
export function openMetrics(connectionsInUse: () => number): NodeMetrics {
  const instruments = openInstruments(connectionsInUse)
  const recent: RequestRecord[] = []
  const meters = new WeakMap<IncomingMessage, Meter>()
  const record = (one: RequestRecord) => {
    recent.unshift(one)
    if (recent.length > RECENT) recent.pop()
    instruments.count(one)
  }
  return {
    watch(server) {
      server.prependListener('request', (request, response) => {
        meters.set(request, new Meter(request, response))
      })
    },
    begin(env) {
      const { incoming, outgoing } = env as { incoming: IncomingMessage; outgoing: ServerResponse }
      const meter = meters.get(incoming) ?? new Meter(incoming, outgoing)
      const tally = new QueryTally()
      return { tally, answered: (named) => meter.whenSent(named, tally, record) }
    },
    exposition: (queued) => instruments.exposition(queued),
    recent: () => recent,
    process() {
      const { user, system } = process.cpuUsage()
      const { rss, heapUsed } = process.memoryUsage()
      const [cpu_user_s, cpu_system_s] = [user / 1e6, system / 1e6]
      return { cpu_user_s, cpu_system_s, rss_bytes: rss, heap_bytes: heapUsed }
    },
    stepEnded: (kind, outcome, seconds) => instruments.stepEnded(kind, outcome, seconds),
  }
}

/** Counts the bytes that one request sends and receives. */
class Meter {
  readonly #began = performance.now()
  readonly #response: ServerResponse
  #in = 0
  #out = 0

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#response = response
    const push = request.push.bind(request)
    request.push = (chunk, encoding) => {
      this.#in += chunk?.length ?? 0
      return push(chunk, encoding)
    }
    for (const name of ['write', 'end'] as const) {
      const send = response[name].bind(response) as (...parts: unknown[]) => never
      response[name] = (...parts: unknown[]) => {
        const [chunk] = parts
        if (typeof chunk === 'string' || chunk instanceof Uint8Array) {
          this.#out += Buffer.byteLength(chunk)
        }
        return send(...parts)
      }
    }
  }

  /** Records a request when its last byte is sent: a stream continues after its handler has returned. */
  whenSent(named: Named, tally: QueryTally, record: (one: RequestRecord) => void): void {
    const done = () => {
      const ms = performance.now() - this.#began
      const bodiless = named.method === 'HEAD' || named.status === 204 || named.status === 304
      const bytes = { bytes_in: this.#in, bytes_out: bodiless ? 0 : this.#out }
      const queries = { queries: tally.queries, query_ms: tally.ms }
      record({ at: new Date(), ...named, ms, ...queries, ...bytes })
    }
    if (this.#response.closed) done()
    else this.#response.once('close', done)
  }
}

function openInstruments(connectionsInUse: () => number) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const labelNames = ['method', 'route', 'status'] as const
  const of = ['method', 'route'] as const
  const duration = new Histogram({
    name: 'igny8_http_request_seconds',
    help: 'Time from the first byte of a request to the last byte of its response.',
    labelNames,
    buckets: SECONDS,
    registers,
  })
  const total = (name: string, help: string) =>
    new Counter({ name, help, labelNames: of, registers })
  const queries = total('igny8_http_queries_total', 'Statements sent to the database.')
  const querySeconds = total('igny8_http_query_seconds_total', 'Time spent waiting for statements.')
  const bytesIn = total('igny8_http_received_bytes_total', 'Bytes of request bodies.')
  const bytesOut = total('igny8_http_sent_bytes_total', 'Bytes of response bodies.')
  const steps = new Histogram({
    name: 'igny8_step_seconds',
    help: 'Attempts at run steps by this process.',
    labelNames: ['kind', 'outcome'],
    buckets: [...SECONDS, 120, 600],
    registers,
  })
  const queue = new Gauge({
    name: 'igny8_steps',
    help: 'Run steps of the whole service that have not ended.',
    labelNames: ['kind', 'state'],
    registers,
  })
  new Gauge({
    name: 'igny8_pool_connections_in_use',
    help: 'Connections of the database pool that are in use.',
    registers,
    collect() {
      this.set(connectionsInUse())
    },
  })
  return {
    count({ method, route, status, ...one }: RequestRecord): void {
      duration.observe({ method, route, status }, one.ms / 1000)
      queries.inc({ method, route }, one.queries)
      querySeconds.inc({ method, route }, one.query_ms / 1000)
      bytesIn.inc({ method, route }, one.bytes_in)
      bytesOut.inc({ method, route }, one.bytes_out)
    },
    stepEnded(kind: string, outcome: string, seconds: number): void {
      steps.observe({ kind, outcome }, seconds)
    },
    async exposition(queued: QueuedSteps) {
      queue.reset()
      for (const { kind, state, count } of queued) queue.set({ kind, state }, count)
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}
