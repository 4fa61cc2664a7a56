import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addIdea, getTask, newDraft, newPlace, newTask, type Place } from './place.ts'

type Bulk = { results: { id: number; ok: boolean; code?: string }[] }

let service: TestService
let owner: Client
let other: Client
let place: Place

beforeAll(async () => {
  // No worker: what is queued stays queued.
  service = await startTestService({ role: 'api' })
  owner = await service.owner('Ours')
  other = await service.owner('Theirs')
  place = await newPlace(owner)
})
afterAll(() => service?.stop())

describe('setting the status by hand', () => {
  const set = (id: number, status: string) =>
    owner.call<{ code: string; detail: string; errors: { message: string }[] }>(
      'PATCH',
      `writer/tasks/${id}/`,
      { status },
    )

  it('takes queued, draft and review', async () => {
    const task = await newDraft(owner, place)
    for (const status of ['review', 'draft', 'queued']) {
      expect((await set(task.id, status)).body).toMatchObject({ status })
    }
  })

  it('refuses a status that only runs set', async () => {
    const task = await newDraft(owner, place)
    for (const status of ['in_progress', 'published', 'completed']) {
      const answer = await set(task.id, status)
      expect(answer.status).toBe(400)
      expect(answer.body.errors[0]?.message).toContain('only runs set')
    }
  })

  it('refuses a draft that has no article', async () => {
    const task = await newTask(owner, place)
    const answer = await set(task.id, 'draft')
    expect([answer.status, answer.body.code]).toEqual([409, 'wrong_state'])
    const withArticle = await owner.call('PATCH', `writer/tasks/${task.id}/`, {
      status: 'draft',
      html_content: '<p>now there is one</p>',
    })
    expect(withArticle.status).toBe(200)
  })

  it('leaves a published task to unpublish', async () => {
    const task = await newDraft(owner, place)
    await service.sql`update tasks set status = 'published' where id = ${task.id}`
    const answer = await set(task.id, 'draft')
    expect([answer.status, answer.body.code]).toEqual([409, 'wrong_state'])
    expect(answer.body.detail).toContain('npublish')
    expect((await set(task.id, 'queued')).status).toBe(200)
  })

  it('refuses it while a run works on the task', async () => {
    const task = await newTask(owner, place, { html_content: '<p>x</p>' })
    await owner.post('writer/tasks/auto_generate_content/', { ids: [task.id] })
    const answer = await set(task.id, 'draft')
    expect([answer.status, answer.body.code]).toEqual([409, 'already_running'])
  })
})

describe('deleting', () => {
  it('deletes the article and lets the idea be queued again', async () => {
    const task = await newDraft(owner, place)
    const idea = await addIdea(service, owner, place, 900)
    await service.sql`update tasks set idea_id = ${idea} where id = ${task.id}`
    expect((await owner.call('DELETE', `writer/tasks/${task.id}/`)).status).toBe(204)
    expect((await owner.get(`writer/tasks/${task.id}/`)).status).toBe(404)
    const left = await service.sql`select id from content where task_id = ${task.id}`
    expect(left.length).toBe(0)
    const [row] = await service.sql`select status from content_ideas where id = ${idea}`
    expect(row?.status).toBe('new')
  })

  it('is refused while a run works on the task', async () => {
    const task = await newTask(owner, place)
    const accepted = await owner.post<{ task_id: number }>('writer/tasks/auto_generate_content/', {
      ids: [task.id],
    })
    const refused = await owner.call<{ code: string }>('DELETE', `writer/tasks/${task.id}/`)
    expect([refused.status, refused.body.code]).toEqual([409, 'already_running'])
    await owner.post(`system/settings/task_progress/${accepted.body.task_id}/cancel/`)
    expect((await owner.call('DELETE', `writer/tasks/${task.id}/`)).status).toBe(204)
  })

  it('reports the result of each id', async () => {
    const free = await newTask(owner, place)
    const busy = await newTask(owner, place)
    await owner.post('writer/tasks/auto_generate_content/', { ids: [busy.id] })
    const theirs = await newTask(other, await newPlace(other))
    const ids = [theirs.id, busy.id, free.id, free.id, 987_654_321]
    const answer = await owner.post<Bulk>('writer/tasks/bulk_delete/', { ids })
    expect(answer.body).toEqual({
      deleted: 1,
      results: [
        { id: theirs.id, ok: false, code: 'not_found' },
        { id: busy.id, ok: false, code: 'already_running' },
        { id: free.id, ok: true },
        { id: 987_654_321, ok: false, code: 'not_found' },
      ],
    })
    expect((await other.get(`writer/tasks/${theirs.id}/`)).status).toBe(200)
  })
})

it('sets the status of many tasks and reports the result of each id', async () => {
  const draft = await newDraft(owner, place)
  const bare = await newTask(owner, place)
  const theirs = await newDraft(other, await newPlace(other))
  const answer = await owner.post<Bulk>('writer/tasks/bulk_update/', {
    ids: [draft.id, bare.id, theirs.id],
    status: 'review',
  })
  expect(answer.body).toEqual({
    updated: 1,
    results: [
      { id: draft.id, ok: true },
      { id: bare.id, ok: false, code: 'wrong_state' },
      { id: theirs.id, ok: false, code: 'not_found' },
    ],
  })
  expect((await getTask(owner, draft.id)).status).toBe('review')
  expect((await getTask(other, theirs.id)).status).toBe('draft')
  const published = await owner.post('writer/tasks/bulk_update/', {
    ids: [draft.id],
    status: 'published',
  })
  expect(published.status).toBe(400)
})
