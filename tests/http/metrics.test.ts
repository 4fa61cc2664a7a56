import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestRecord } from '../../server/observability/metrics.ts'
import { type Client, PASSWORD, request, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { newSector, type Sector } from '../planner/sector.ts'

type Measured = { process: Record<string, number>; requests: RequestRecord[] }

let service: TestService
let owner: Client
let staff: Client
let sector: Sector
beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner('Measured account')
  sector = await newSector(owner)
  const developer = await service.owner('Staff')
  await service.sql`update users set role = 'developer' where id = ${developer.userId}`
  staff = await signIn(service.url, developer.email, PASSWORD)
})
afterAll(() => service.stop())

const measured = async () => (await staff.get<Measured>('system/metrics/')).body

/** The record of the request with this id, which ends a moment after its answer was read. */
function recordOf(requestId: string | null): Promise<RequestRecord> {
  const found = async () =>
    (await measured()).requests.find(({ request_id }) => request_id === requestId)
  return until(found, { what: `the record of request ${requestId}` })
}

describe('the cost of a request', () => {
  it('is shown to platform staff with route, time, queries and bytes', async () => {
    const body = JSON.stringify({ ...sector, keyword: 'caf\u00e9 measured' })
    const made = await owner.call('POST', 'planner/keywords/', body)
    const record = await recordOf(made.headers.get('x-request-id'))
    expect(record).toMatchObject({
      account_id: owner.accountId,
      method: 'POST',
      route: '/api/v1/planner/keywords/',
      status: 201,
      bytes_in: Buffer.byteLength(body),
      bytes_out: Buffer.byteLength(JSON.stringify(made.body)),
    })
    expect(record.queries).toBeGreaterThan(2)
    expect(record.query_ms).toBeGreaterThan(0)
    expect(record.ms).toBeGreaterThan(record.query_ms)
    const read = await owner.get(`planner/keywords/${made.body.id}/`)
    const other = await recordOf(read.headers.get('x-request-id'))
    expect(other).toMatchObject({ route: '/api/v1/planner/keywords/{id}/', bytes_in: 0 })
    // One that opens and enters, one that reads, one that commits.
    expect(other.queries).toBe(3)
  })

  it('includes a whole stream and an unread body, and no body for HEAD', async () => {
    const form = new FormData()
    for (const [name, id] of Object.entries(sector)) form.set(name, String(id))
    form.set('file', new File([`keyword\n${'a keyword\n'.repeat(30_000)}`], 'k.csv'))
    const size = (await new Response(form).arrayBuffer()).byteLength
    const imported = await owner.post('planner/keywords/import_csv/', form)
    const record = await recordOf(imported.headers.get('x-request-id'))
    expect(Math.abs(record.bytes_in - size)).toBeLessThan(200)
    const csv = await owner.get<string>('planner/keywords/export_csv/')
    const sent = await recordOf(csv.headers.get('x-request-id'))
    // `text()` takes the byte order mark away.
    expect(sent.bytes_out).toBe(Buffer.byteLength(csv.body as string) + 3)
    const unread = await request(service.url, 'POST', 'nothing/', 'x'.repeat(5000))
    const none = await recordOf(unread.headers.get('x-request-id'))
    expect(none).toMatchObject({ route: 'none', status: 404, bytes_in: 5000, account_id: null })
    const head = await owner.call('HEAD', 'planner/keywords/')
    expect(await recordOf(head.headers.get('x-request-id'))).toMatchObject({ bytes_out: 0 })
  })

  it('is in a header and a list only for staff', async () => {
    const own = await staff.get('planner/keywords/')
    expect(own.headers.get('server-timing')).toMatch(
      /^total;dur=[\d.]+, db;dur=[\d.]+;desc="[2-9] queries"$/,
    )
    expect((await owner.get('planner/keywords/')).headers.get('server-timing')).toBeNull()
    expect((await owner.get('system/metrics/')).status).toBe(403)
    const { process } = await measured()
    expect(process.rss_bytes).toBeGreaterThan(10_000_000)
    expect(process.cpu_user_s).toBeGreaterThan(0)
  })
})

it('exposes routes, jobs, pool and process to Prometheus, but no account', async () => {
  await owner.run('planner/keywords/auto_cluster/', { ...sector, filter: {} })
  await owner.get(`planner/keywords/?search=secret-search`)
  const answer = await fetch(`${service.url}/metrics`)
  expect(answer.headers.get('content-type')).toContain('text/plain')
  const text = await answer.text()
  const line =
    /^igny8_http_request_seconds_count\{method="GET",route="\/api\/v1\/planner\/keywords\/",status="200"\} (\d+)$/m
  expect(Number(line.exec(text)?.[1])).toBeGreaterThan(0)
  for (const name of [
    'igny8_http_queries_total',
    'igny8_http_query_seconds_total',
    'igny8_http_received_bytes_total',
    'igny8_http_sent_bytes_total',
    'igny8_pool_connections_in_use',
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_seconds',
  ]) {
    expect(text).toMatch(new RegExp(`^${name}(\\{.*\\})? [\\d.e+-]+$`, 'm'))
  }
  expect(text).toMatch(
    /^igny8_step_seconds_count\{kind="cluster_keywords",outcome="succeeded"\} 1$/m,
  )
  for (const word of ['Measured', 'secret-search', owner.email, 'account_id']) {
    expect(text).not.toContain(word)
  }
})
