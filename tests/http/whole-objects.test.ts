import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Belongings, belongingsOf, pathFor } from '../attacks/belongings.ts'
import { addUser, type Client, type Json, request, staffMember } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
let owner: Client
let mine: Belongings
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  mine = await belongingsOf(service, owner)
})
afterAll(() => service.stop())

const put = (path: string, body: object, client = owner) => client.call('PUT', path, body)
const lasting = ({ updated_at: _, ...fields }: Json) => fields

describe('an object that is sent back by PUT as it was read', () => {
  it('is accepted and unchanged, for every kind of object', async () => {
    const staff = await staffMember(service)
    const { body } = await request<{ paths: Record<string, { put?: { 'x-role': string } }> }>(
      service.url,
      'GET',
      'openapi.json',
    )
    // A site's WordPress is not read at the path where it is linked.
    const paths = Object.entries(body.paths).filter(
      ([path, { put }]) => put && !path.endsWith('/wordpress/'),
    )
    expect(paths.length).toBeGreaterThan(15)
    for (const [described, { put: operation }] of paths) {
      const client = operation!['x-role'] === 'staff' ? staff : owner
      const path = pathFor(described.replace('/api/v1/', ''), mine)
      const read = await client.get(path)
      expect(read.status, path).toBe(200)
      const back = await put(path, read.body, client)
      expect([back.status, back.body.errors], path).toEqual([200, undefined])
      expect(lasting(back.body), path).toEqual(lasting(read.body))
    }
  })

  it('changes only the field that was changed', async () => {
    const task = `writer/tasks/${mine.task}/`
    const { body: read } = await owner.get(task)
    const renamed = await put(task, { ...read, title: 'Renamed', word_count: 9 })
    expect(renamed).toMatchObject({ status: 200, body: { title: 'Renamed', word_count: 0 } })
    const worded = await put(task, { ...read, keywords: 'pots' })
    expect(worded).toMatchObject({ status: 200, body: { title: read.title, keywords: 'pots' } })
    const site = `auth/sites/${mine.site}/`
    const { body } = await owner.get(site)
    const closed = await put(site, { ...body, is_active: false })
    expect(closed).toMatchObject({ status: 200, body: { is_active: false, status: 'inactive' } })
  })

  it('keeps a status that only runs set', async () => {
    await service.sql`update tasks set status = 'published' where id = ${mine.task}`
    const { body } = await owner.get(`writer/tasks/${mine.task}/`)
    const back = await put(`writer/tasks/${mine.task}/`, { ...body, excerpt: 'Short' })
    expect(back).toMatchObject({ status: 200, body: { status: 'published', excerpt: 'Short' } })
  })
})

describe('a field that cannot be set', () => {
  it('is refused by PATCH, and by PUT where the object has no such field', async () => {
    const path = `planner/clusters/${mine.cluster}/`
    const patched = await owner.call('PATCH', path, { keywords_count: 9 })
    expect(patched).toMatchObject({ status: 400, body: { errors: [{ path: 'keywords_count' }] } })
    for (const name of ['colour', 'toString']) {
      expect(await put(path, { [name]: 'red' })).toMatchObject({
        status: 400,
        body: { errors: [{ path: name }] },
      })
    }
  })

  it('does not reveal an object that the caller cannot see', async () => {
    const viewer = await addUser(owner, 'viewer', [mine.site])
    expect((await put(`planner/clusters/${mine.cluster}/`, {}, viewer)).status).toBe(403)
    const stranger = await service.owner()
    expect((await put(`planner/clusters/${mine.cluster}/`, {}, stranger)).status).toBe(404)
    expect((await put('planner/clusters/none/', { name: 'x' })).status).toBe(400)
  })
})
