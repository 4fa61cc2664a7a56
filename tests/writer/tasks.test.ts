import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import {
  addCluster,
  addKeywords,
  getTask,
  newPlace,
  newTask,
  type Place,
  type Task,
} from './place.ts'

let service: TestService
let owner: Client
let other: Client
let place: Place
let elsewhere: Place

beforeAll(async () => {
  // No worker: what is queued stays queued.
  service = await startTestService({ role: 'api' })
  owner = await service.owner('Ours')
  other = await service.owner('Theirs')
  place = await newPlace(owner)
  elsewhere = await newPlace(owner, 'Tea at home')
})
afterAll(() => service?.stop())

describe('creating and changing a task', () => {
  it('returns the given fields and the defaults of the others', async () => {
    const task = await newTask(owner, place, { title: '  Espresso  ', meta_title: 'M' })
    expect(task).toMatchObject({
      ...place,
      title: 'Espresso',
      meta_title: 'M',
      status: 'queued',
      content_structure: 'supporting_page',
      content_type: 'blog_post',
      keyword_objects: [],
      html_content: '',
      word_count: 0,
      error: null,
      assigned_post_id: null,
    })
    expect(await getTask(owner, task.id)).toEqual(task)
  })

  it('links keywords of the sector by id and writes their names beside them', async () => {
    const [a, b] = await addKeywords(service, owner, place, ['French press', 'moka pot'])
    const task = await newTask(owner, place, { keyword_objects: [b, a] })
    expect(task).toMatchObject({ keyword_objects: [a, b], keywords: 'moka pot, French press' })
  })

  it('links the keywords of a comma-separated list, ignoring case', async () => {
    const [aeropress] = await addKeywords(service, owner, place, ['AeroPress'])
    const task = await newTask(owner, place)
    const changed = await owner.call<Task>('PATCH', `writer/tasks/${task.id}/`, {
      keywords: 'aeropress , unknown one,, aeropress',
    })
    expect(changed.body).toMatchObject({
      keyword_objects: [aeropress],
      keywords: 'aeropress, unknown one',
    })
    const cleared = await owner.call<Task>('PATCH', `writer/tasks/${task.id}/`, { keywords: '' })
    expect(cleared.body).toMatchObject({ keyword_objects: [], keywords: '' })
  })

  it('renames a keyword in the lists that name it', async () => {
    const [id] = await addKeywords(service, owner, place, ['Vietnam coffee'])
    const task = await newTask(owner, place, { keywords: 'vietnam coffee, Vietnam coffee maker' })
    const idea = await owner.post<{ id: number }>('planner/ideas/', {
      ...place,
      idea_title: 'Renamed',
      keyword_objects: [id],
    })
    await owner.call('PATCH', `planner/keywords/${id}/`, { keyword: 'Phin coffee' })
    expect(await getTask(owner, task.id)).toMatchObject({
      keyword_objects: [id],
      keywords: 'Phin coffee, Vietnam coffee maker',
    })
    expect((await owner.get(`planner/ideas/${idea.body.id}/`)).body).toMatchObject({
      keyword_objects: [id],
      target_keywords: 'Phin coffee',
    })
  })

  it('names an author profile of the account, and none of another', async () => {
    const named = async (client: Client) =>
      (await client.post<{ id: number }>('system/author_profiles/', { name: 'Ann' })).body.id
    const [ours, theirs] = [await named(owner), await named(other)]
    const task = await newTask(owner, place, { author_profile_id: ours })
    expect(task).toMatchObject({ author_profile_id: ours })
    const path = `writer/tasks/${task.id}/`
    const refused = await owner.call('PATCH', path, { author_profile_id: theirs })
    expect([refused.status, refused.body.errors]).toMatchObject([
      400,
      [{ path: 'author_profile_id' }],
    ])
    await owner.call('DELETE', `system/author_profiles/${ours}/`)
    expect(await getTask(owner, task.id)).toMatchObject({ author_profile_id: null })
  })

  it('refuses keywords and clusters of another sector, and a sector of another site', async () => {
    const [far] = await addKeywords(service, owner, elsewhere, ['green tea'])
    const cluster_id = await addCluster(service, owner, elsewhere, 'Tea')
    const paths = []
    for (const fields of [
      { keyword_objects: [far] },
      { cluster_id },
      { sector_id: elsewhere.sector_id },
    ]) {
      const answer = await owner.post<{ code: string; errors: { path: string }[] }>(
        'writer/tasks/',
        { ...place, title: 'T', ...fields },
      )
      expect(answer.status).toBe(400)
      paths.push(answer.body.errors[0]?.path)
    }
    expect(paths).toEqual(['keyword_objects', 'cluster_id', 'sector_id'])
  })

  it('names each field that is not valid', async () => {
    const answer = await owner.post<{ errors: { path: string }[] }>('writer/tasks/', {
      ...place,
      title: ' ',
      meta_title: 'm'.repeat(61),
      meta_description: 'm'.repeat(161),
      slug: 'Not a slug',
      content_type: 'novel',
      keywords: 'nul \0',
      html_content: ' ',
      color: 'red',
    })
    expect(answer.status).toBe(400)
    expect(answer.body.errors.map(({ path }) => path).sort()).toEqual([
      'color',
      'content_type',
      'html_content',
      'keywords',
      'meta_description',
      'meta_title',
      'slug',
      'title',
    ])
  })

  it('keeps its site and sector', async () => {
    const task = await newTask(owner, place)
    const answer = await owner.call('PATCH', `writer/tasks/${task.id}/`, {
      site_id: elsewhere.site_id,
    })
    expect(answer.status).toBe(400)
  })

  it('takes slugs in other scripts', async () => {
    expect((await newTask(owner, place, { slug: 'καφές-στο-σπίτι-2' })).slug).toBe(
      'καφές-στο-σπίτι-2',
    )
  })

  it('moves to a cluster of its sector and out of it', async () => {
    const cluster_id = await addCluster(service, owner, place, 'Brewing methods')
    const task = await newTask(owner, place, { cluster_id })
    expect(task.cluster_id).toBe(cluster_id)
    const out = await owner.call<Task>('PUT', `writer/tasks/${task.id}/`, { cluster_id: null })
    expect(out.body.cluster_id).toBeNull()
  })
})

describe('the article', () => {
  it('is one text, changed on the task or on its content', async () => {
    const task = await newTask(owner, place)
    const empty = await owner.get<{ count: number }>(`writer/content/?task_id=${task.id}`)
    expect(empty.body.count).toBe(0)
    const onTask = await owner.call<Task>('PATCH', `writer/tasks/${task.id}/`, {
      html_content: '<p>one two three</p>',
    })
    expect(onTask.body).toMatchObject({ html_content: '<p>one two three</p>', word_count: 3 })
    const list = await owner.get<{ results: { id: number; html_content: string }[] }>(
      `writer/content/?task_id=${task.id}`,
    )
    const { id } = list.body.results[0]!
    const onContent = await owner.call('PUT', `writer/content/${id}/`, {
      html_content: '<p>four words are here</p>',
    })
    expect(onContent.body).toMatchObject({ id, task_id: task.id, word_count: 4 })
    expect((await owner.get(`writer/content/${id}/`)).body).toEqual(onContent.body)
    expect(await getTask(owner, task.id)).toMatchObject({
      html_content: '<p>four words are here</p>',
      word_count: 4,
    })
  })
})

it('keeps only the body of a whole page, and a fragment unchanged', async () => {
  const task = await newTask(owner, place, {})
  const sent = async (path: string, html_content: string) => {
    const answer = await owner.call('PATCH', path, { html_content })
    const { html_content: kept, word_count } = await getTask(owner, task.id)
    return [answer.status, kept, word_count]
  }
  const page = `<!DOCTYPE html><html lang="en"><head><title>Not this</title><style>p{}</style></head>
    <body class="x"><h2>One</h2><p>Two three.</p></body></html>`
  expect(await sent(`writer/tasks/${task.id}/`, page)).toEqual([
    200,
    '<h2>One</h2><p>Two three.</p>',
    3,
  ])
  const content = await owner.get<{ results: { id: number }[] }>(
    `writer/content/?task_id=${task.id}`,
  )
  const path = `writer/content/${content.body.results[0]!.id}/`
  expect(await sent(path, '<html><body><p>Four.</p></body></html>')).toEqual([
    200,
    '<p>Four.</p>',
    1,
  ])
  const blocks = '<!-- wp:paragraph --><p>Five six.</p><!-- /wp:paragraph -->'
  expect(await sent(path, blocks)).toEqual([200, blocks, 2])
  expect(await sent(path, '<html><head><title>x</title></head><body> </body></html>')).toEqual([
    400,
    blocks,
    2,
  ])
})
