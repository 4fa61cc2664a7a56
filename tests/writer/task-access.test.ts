import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { getTask, newDraft, newPlace, newTask, type Place } from './place.ts'

type Bulk = { results: { id: number; ok: boolean; code?: string }[] }

let service: TestService
let owner: Client
let other: Client
let place: Place
let elsewhere: Place

beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner('Ours')
  other = await service.owner('Theirs')
  place = await newPlace(owner)
  elsewhere = await newPlace(owner, 'Tea at home')
})
afterAll(() => service?.stop())

describe('who may', () => {
  it('hides tasks, articles and images of another account', async () => {
    const task = await newDraft(other, await newPlace(other))
    const list = await other.get<{ results: { id: number }[] }>(
      `writer/content/?task_id=${task.id}`,
    )
    const contentId = list.body.results[0]!.id
    const tries: [string, string, unknown?][] = [
      ['GET', `writer/tasks/${task.id}/`],
      ['PATCH', `writer/tasks/${task.id}/`, { title: 'Mine' }],
      ['DELETE', `writer/tasks/${task.id}/`],
      ['GET', `writer/content/${contentId}/`],
      ['PATCH', `writer/content/${contentId}/`, { html_content: 'Mine' }],
      [
        'POST',
        'writer/tasks/',
        { site_id: task.site_id, sector_id: task.sector_id, title: 'Mine' },
      ],
      ['POST', 'writer/tasks/auto_generate_content/', { ids: [task.id] }],
      ['POST', 'writer/tasks/auto_generate_images/', { ids: [task.id] }],
    ]
    for (const [method, path, body] of tries) {
      expect([path, (await owner.call(method, path, body)).status]).toEqual([path, 404])
    }
    const seen = await owner.get<{ count: number }>(`writer/content/?task_id=${task.id}`)
    expect(seen.body.count).toBe(0)
    expect(await getTask(other, task.id)).toEqual(task)
  })

  it('lets an editor write only on granted sites', async () => {
    const editor = await addUser(owner, 'editor', [place.site_id])
    const mine = await newTask(editor, place, { title: "The editor's" })
    const changed = await editor.call('PATCH', `writer/tasks/${mine.id}/`, { title: 'Changed' })
    expect(changed.status).toBe(200)
    const far = await newTask(owner, elsewhere)
    expect((await editor.get(`writer/tasks/${far.id}/`)).status).toBe(404)
    expect((await editor.post('writer/tasks/', { ...elsewhere, title: 'T' })).status).toBe(404)
    const run = { ids: [mine.id, far.id] }
    expect((await editor.post('writer/tasks/auto_generate_content/', run)).status).toBe(404)
    const bulk = await editor.post<Bulk>('writer/tasks/bulk_delete/', { ids: [far.id] })
    expect(bulk.body.results).toEqual([{ id: far.id, ok: false, code: 'not_found' }])
  })

  it('lets a viewer only read', async () => {
    const task = await newDraft(owner, place)
    const viewer = await addUser(owner, 'viewer', [place.site_id])
    expect((await viewer.get(`writer/tasks/${task.id}/`)).status).toBe(200)
    expect((await viewer.get('writer/images/')).status).toBe(200)
    const tries: [string, string, unknown?][] = [
      ['POST', 'writer/tasks/', { ...place, title: 'T' }],
      ['PATCH', `writer/tasks/${task.id}/`, { title: 'T' }],
      ['DELETE', `writer/tasks/${task.id}/`],
      ['POST', 'writer/tasks/bulk_delete/', { ids: [task.id] }],
      ['POST', 'writer/tasks/bulk_update/', { ids: [task.id], status: 'review' }],
      ['POST', 'writer/tasks/auto_generate_content/', { ids: [task.id] }],
      ['POST', 'writer/tasks/auto_generate_images/', { ids: [task.id] }],
    ]
    for (const [method, path, body] of tries) {
      expect([path, (await viewer.call(method, path, body)).status]).toEqual([path, 403])
    }
  })
})
