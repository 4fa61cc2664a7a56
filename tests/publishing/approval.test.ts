import { beforeEach, describe, expect, it } from 'vitest'
import { addUser, register } from '../helpers/client.ts'
import { writeArticles } from './linked-blog.ts'
import { allHeld, QueueFixture } from './queue-fixture.ts'

const at = new QueueFixture()

describe('a site that requires approval', () => {
  beforeEach(async () => {
    expect((await at.patchSite({ requires_approval: true })).status).toBe(200)
  })

  it('publishes an article once a person approves it, and audits who did', async () => {
    const [id] = await writeArticles(at.owner, at.place, ['Approved'], { images_per_task: 1 })
    const run = await at.publish([id!])
    await at.queued(allHeld('approval', 1))
    expect(await at.taskOf(id!)).toMatchObject({ status: 'review', approved_at: null })
    expect(at.postsTitled('Approved')).toEqual([])
    const editor = await addUser(at.owner, 'editor', [at.place.site_id])
    expect((await editor.post('writer/tasks/approve/', { ids: [id] })).body).toEqual({
      approved: 1,
    })
    expect((await at.owner.follow(run)).state).toBe('SUCCESS')
    expect(await at.taskOf(id!)).toMatchObject({ status: 'completed', approved_by: editor.email })
    expect(at.postsTitled('Approved')).toMatchObject([{ post_status: 'publish' }])
    const { body } = await at.owner.get<{ results: object[] }>('auth/audit_log/?page_size=50')
    expect(body.results).toContainEqual(
      expect.objectContaining({ action: 'task.approved', object_id: id, user_id: editor.userId }),
    )
  })

  it('holds the publish step of a chain until approval, and publishes approved articles at once', async () => {
    const task = { ...at.place, title: 'Chained' }
    const { id } = (await at.owner.post<{ id: number }>('writer/tasks/', task)).body
    const { body } = await at.owner.post<{ task_id: number }>(
      'writer/tasks/auto_generate_content/',
      {
        ids: [id],
        then: ['images', 'publish'],
        images_per_task: 1,
      },
    )
    await at.queued(allHeld('approval', 1))
    await at.owner.post('writer/tasks/approve/', { ids: [id] })
    expect((await at.owner.follow(body.task_id)).state).toBe('SUCCESS')
    expect((await at.owner.run('writer/tasks/publish/', { ids: [id] })).state).toBe('SUCCESS')
  })

  it.each([
    ['title', (id: number) => at.owner.call('PATCH', `writer/tasks/${id}/`, { title: 'Other' })],
    [
      'text',
      (id: number) => at.owner.call('PATCH', `writer/tasks/${id}/`, { html_content: '<p>x</p>' }),
    ],
    ['images', (id: number) => at.owner.run('writer/tasks/auto_generate_images/', { ids: [id] })],
  ])('takes an approval back when the %s changed', async (what, change) => {
    const [id] = await writeArticles(at.owner, at.place, [`Changed ${what}`], {
      images_per_task: 1,
    })
    await at.owner.post('writer/tasks/approve/', { ids: [id] })
    expect((await at.taskOf(id!)).approved_by).toBe(at.owner.email)
    await at.owner.call('PATCH', `writer/tasks/${id}/`, { description: 'no part of it' })
    expect((await at.taskOf(id!)).approved_by).toBe(at.owner.email)
    await change(id!)
    expect(await at.taskOf(id!)).toMatchObject({ approved_at: null, approved_by: null })
  })

  it('lets drafts through, holds scheduled posts and drops cancelled ones', async () => {
    const [id] = await writeArticles(at.owner, at.place, ['Only a draft'], { images_per_task: 1 })
    const run = await at.owner.run('writer/tasks/publish/', { ids: [id], status: 'draft' })
    expect(run.state).toBe('SUCCESS')
    const scheduled = await at.publish([id!], { publish_at: '2100-01-01T00:00:00Z' })
    await at.queued(allHeld('approval', 1))
    await at.owner.post(`system/settings/task_progress/${scheduled}/cancel/`)
    expect(await at.queue()).toEqual([])
    expect(at.postsTitled('Only a draft')).toMatchObject([{ post_status: 'draft' }])
  })

  it('refuses approval by API keys, viewers and other accounts', async () => {
    const [id] = await writeArticles(at.owner, at.place, ['Not yours'], { images_per_task: 1 })
    const key = await at.owner.post<{ key: string }>('auth/api_keys/', {
      name: 'k',
      access: 'write',
    })
    const program = { authorization: `Bearer ${key.body.key}` }
    const path = 'writer/tasks/approve/'
    expect((await at.owner.call('POST', path, { ids: [id] }, program)).status).toBe(403)
    const viewer = await addUser(at.owner, 'viewer', [at.place.site_id])
    expect((await viewer.post(path, { ids: [id] })).status).toBe(403)
    const stranger = await register(at.service.url, 'Elsewhere')
    expect((await stranger.post(path, { ids: [id] })).status).toBe(404)
    expect((await stranger.get<{ count: number }>('publishing/queue/')).body.count).toBe(0)
    const empty = await at.owner.post<{ id: number }>('writer/tasks/', {
      ...at.place,
      title: 'Empty',
    })
    expect((await at.owner.post(path, { ids: [empty.body.id] })).status).toBe(409)
    expect((await at.taskOf(id!)).approved_at).toBe(null)
  })

  it('loses no approval given while the step is about to hold', async () => {
    const ids = await writeArticles(at.owner, at.place, ['Race 1', 'Race 2', 'Race 3', 'Race 4'], {
      images_per_task: 1,
    })
    const run = await at.publish(ids)
    await Promise.all(ids.map((id) => at.owner.post('writer/tasks/approve/', { ids: [id] })))
    expect((await at.owner.follow(run)).state).toBe('SUCCESS')
  })
})
