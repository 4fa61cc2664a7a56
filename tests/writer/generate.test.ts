import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import {
  addCluster,
  addIdea,
  addKeywords,
  balance,
  getTask,
  newDraft,
  newPlace,
  newTask,
  type Place,
} from './place.ts'

type Image = {
  id: number
  image_type: string
  position: number
  width: number
  height: number
  alt_text: string
  heading: string | null
  prompt: string
  image_url: string
  image_path: string
  content_hash: string
  provider: string
}

let service: TestService
let owner: Client
let place: Place

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner()
  place = await newPlace(owner)
})
afterAll(() => service?.stop())

async function imagesOf(taskId: number): Promise<Image[]> {
  const query = `writer/images/?task_id=${taskId}&ordering=position`
  return (await owner.get<{ results: Image[] }>(query)).body.results
}
const shapes = (images: Image[]) =>
  images.map(({ image_type, position }) => `${image_type} ${position}`).sort()

describe('an article by the local provider', () => {
  it('turns the task into a draft with everything that a post needs', async () => {
    const keyword_objects = await addKeywords(service, owner, place, ['pour over coffee', 'v60'])
    const cluster_id = await addCluster(service, owner, place, 'Pour over coffee')
    const task = await newTask(owner, place, {
      title: 'Pour over coffee for beginners',
      keyword_objects,
      cluster_id,
    })
    const before = await balance(owner)
    const run = await owner.run('writer/tasks/auto_generate_content/', { ids: [task.id] })
    expect(run).toMatchObject({ state: 'SUCCESS', meta: { percentage: 100 }, error: null })
    expect(run.meta.request_steps).toHaveLength(1)
    expect(run.meta.response_steps).toHaveLength(1)
    const written = await getTask(owner, task.id)
    expect(written).toMatchObject({ status: 'draft', error: null, keyword_objects })
    expect(written.html_content).toMatch(/<h2>.*pour over coffee/is)
    expect(written.meta_title.length).toBeGreaterThan(0)
    expect(written.meta_title.length).toBeLessThanOrEqual(60)
    expect(written.meta_description.length).toBeLessThanOrEqual(160)
    expect(written.slug).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    expect(written.excerpt).not.toBe('')
    const content = await owner.get<{ results: object[] }>(`writer/content/?task_id=${task.id}`)
    expect(content.body.results).toMatchObject([
      {
        html_content: written.html_content,
        word_count: written.word_count,
        metadata: { provider: 'local', model: 'local', tokens_in: 0, tokens_out: 0 },
      },
    ])
    expect(await balance(owner)).toEqual({
      ...before,
      charged: before.charged + 3,
      balance: before.balance - 3,
    })
  })

  it('has the length of the idea, or about 1,200 words', async () => {
    const plain = await newTask(owner, place, { title: 'Grinding coffee beans' })
    const short = await newTask(owner, place, { title: 'Grinding coffee beans' })
    const idea = await addIdea(service, owner, place, 400)
    await service.sql`update tasks set idea_id = ${idea} where id = ${short.id}`
    await owner.run('writer/tasks/auto_generate_content/', { ids: [plain.id, short.id] })
    const words = async (id: number) => (await getTask(owner, id)).word_count
    expect(await words(plain.id)).toBeGreaterThan(800)
    expect(await words(short.id)).toBeLessThan(600)
  })

  it('replaces an earlier one when the task is queued again, but not the slug of a post', async () => {
    const task = await newDraft(owner, place, { title: 'Cold brew', slug: 'my-cold-brew' })
    await service.sql`update tasks set assigned_post_id = 7 where id = ${task.id}`
    await owner.call('PATCH', `writer/tasks/${task.id}/`, { status: 'queued' })
    await owner.run('writer/tasks/auto_generate_content/', { ids: [task.id] })
    const again = await getTask(owner, task.id)
    expect(again).toMatchObject({ status: 'draft', slug: 'my-cold-brew' })
    expect(again.html_content).not.toBe(task.html_content)
  })
})

describe('images by the local provider', () => {
  it('follow the article: the variants of each original are stored and served', async () => {
    const task = await newTask(owner, place, { title: 'Choosing a coffee grinder' })
    const before = await balance(owner)
    const run = await owner.run('writer/tasks/auto_generate_content/', {
      ids: [task.id],
      then: ['images'],
    })
    expect(run.state).toBe('SUCCESS')
    expect(run.result?.steps.map(({ kind, state }) => [kind, state])).toEqual([
      ['generate_content', 'succeeded'],
      ['generate_images', 'succeeded'],
    ])
    expect((await getTask(owner, task.id)).status).toBe('review')
    expect((await balance(owner)).charged).toBe(before.charged + 5)
    const images = await imagesOf(task.id)
    expect(shapes(images)).toEqual(['desktop 0', 'featured 0', 'in_article 1', 'mobile 0'])
    const size = Object.fromEntries(images.map((it) => [it.image_type, [it.width, it.height]]))
    expect(size).toMatchObject({ featured: [1200, 675], mobile: [800, 1000] })
    expect(size.in_article?.[0]).toBe(1024)
    const inArticle = images.find(({ position }) => position === 1)
    const text = (await getTask(owner, task.id)).html_content
    expect(text).toContain(`<h2>${inArticle?.heading}</h2>`)
    for (const image of images) {
      expect(image).toMatchObject({ provider: 'local' })
      expect(image.alt_text).not.toBe('')
      expect(image.image_url).toBe(`${service.url}/media/${image.image_path}`)
      const answer = await fetch(image.image_url)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/webp'])
      const bytes = Buffer.from(await answer.arrayBuffer())
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(image.content_hash)
      const { width, height } = await sharp(bytes).metadata()
      expect([width, height]).toEqual([image.width, image.height])
      expect((await owner.get(`writer/images/${image.id}/`)).body).toEqual(image)
    }
  })

  it('are replaced, and variants that are no longer made are removed', async () => {
    const task = await newDraft(owner, place)
    const path = 'writer/tasks/auto_generate_images/'
    await owner.run(path, { ids: [task.id], images_per_task: 3 })
    const first = await imagesOf(task.id)
    expect(shapes(first)).toEqual([
      'desktop 0',
      'featured 0',
      'in_article 1',
      'in_article 2',
      'mobile 0',
    ])
    await owner.call('PATCH', `writer/tasks/${task.id}/`, { title: 'Another title' })
    await owner.run(path, { ids: [task.id], images_per_task: 1 })
    const second = await imagesOf(task.id)
    expect(shapes(second)).toEqual(['desktop 0', 'featured 0', 'mobile 0'])
    expect(second.map(({ prompt }) => prompt)).toEqual(Array(3).fill('Another title'))
  })

  it('can be listed by position and status', async () => {
    const task = await newDraft(owner, place)
    await owner.run('writer/tasks/auto_generate_images/', { ids: [task.id], images_per_task: 2 })
    const listed = async (query: string) =>
      (await owner.get<{ results: Image[] }>(`writer/images/?task_id=${task.id}&${query}`)).body
    expect(shapes((await listed('position=1&status=generated')).results)).toEqual(['in_article 1'])
    expect((await listed('position=0')).results).toHaveLength(3)
    expect((await listed('position=2')).results).toEqual([])
  })

  it('can be listed by type', async () => {
    const answer = await owner.get<{ results: Image[] }>('writer/images/?image_type=mobile')
    expect(new Set(answer.body.results.map(({ image_type }) => image_type))).toEqual(
      new Set(['mobile']),
    )
    const stranger = await service.owner('Stranger')
    const { id } = answer.body.results[0]!
    expect((await stranger.get(`writer/images/${id}/`)).status).toBe(404)
    expect((await stranger.get<{ count: number }>('writer/images/')).body.count).toBe(0)
  })

  it('do not change the status of a task beyond draft', async () => {
    const task = await newDraft(owner, place)
    await service.sql`update tasks set status = 'published' where id = ${task.id}`
    await owner.run('writer/tasks/auto_generate_images/', { ids: [task.id], images_per_task: 1 })
    expect((await getTask(owner, task.id)).status).toBe('published')
  })
})

it('does not overwrite an article that was written by hand after the run was accepted', async () => {
  const api = await startTestService({ role: 'api' })
  const writer = await api.owner()
  const task = await newTask(writer, await newPlace(writer))
  const before = await balance(writer)
  const accepted = await writer.post<{ task_id: number }>('writer/tasks/auto_generate_content/', {
    ids: [task.id],
    then: ['images'],
  })
  const html_content = '<p>Written by hand.</p>'
  await writer.call('PATCH', `writer/tasks/${task.id}/`, { html_content })
  const worker = await startTestService({ databaseUrl: api.databaseUrl })
  const run = await writer.follow(accepted.body.task_id)
  expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'changed_by_hand' } })
  expect(await getTask(writer, task.id)).toMatchObject({
    html_content,
    status: 'queued',
    error: { code: 'changed_by_hand', message: run.error?.message },
  })
  expect(await balance(writer)).toEqual(before)
  await worker.stop()
  await api.stop()
})
