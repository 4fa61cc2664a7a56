import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Progress } from '../helpers/client.ts'
import { type OpenAiServer, type Scripted, startOpenAiServer } from '../helpers/openai-server.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { balance, getTask, newDraft, newPlace, newTask, type Place } from './place.ts'

const CONTENT = 'writer/tasks/auto_generate_content/'
const IMAGES = 'writer/tasks/auto_generate_images/'
const BAD_ANSWER: Scripted = { do: 'content', content: '{"html_content": 7}' }
const WELL: Scripted = { do: 'wait', until: Promise.resolve() }
const BUSY: Scripted = { do: 'status', status: 500, headers: { 'retry-after': '0' } }
const REFUSED: Scripted = { do: 'status', status: 401 }

let openai: OpenAiServer
let service: TestService
let owner: Client
let place: Place

beforeAll(async () => {
  openai = await startOpenAiServer()
  service = await startTestService({ allowPrivateSites: [openai.hostPort] })
})
beforeEach(async () => {
  owner = await service.owner()
  place = await newPlace(owner)
  const saved = await owner.call('PUT', 'system/settings/integrations/openai/', {
    config: { api_key: 'sk-only-a-test', base_url: openai.url, model: 'gpt-4o-mini' },
  })
  expect(saved.status).toBe(200)
})
afterAll(async () => {
  await service?.stop()
  await openai?.stop()
})

/** The first state of a run that `holds`, by its event stream. */
async function progressWhere(runId: number, holds: (progress: Progress) => boolean) {
  const path = `${service.url}/api/v1/system/settings/task_progress/${runId}/stream/`
  const response = await fetch(path, { headers: { authorization: `Bearer ${owner.token}` } })
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const states = text
      .slice(0, text.lastIndexOf('\n\n'))
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line): Progress => JSON.parse(line.slice('data: '.length)))
    const found = states.find(holds)
    if (found) return found
  }
  throw new Error(`the run ended before: ${text}`)
}

async function accept(path: string, body: object): Promise<number> {
  const answer = await owner.post<{ task_id: number }>(path, body)
  expect(answer.status).toBe(202)
  return answer.body.task_id
}

describe('an article by an OpenAI-compatible server', () => {
  it('is stored without the page around it, with its cost', async () => {
    const task = await newTask(owner, place)
    const answer = {
      html_content: '```html\n<html><body><h2>One</h2><p>two three</p></body></html>\n```',
      meta_title: 'M',
      meta_description: 'D',
      slug: ' Ein Slug – für Kaffee! ',
      excerpt: 'E',
    }
    openai.script({ do: 'content', content: JSON.stringify(answer) })
    await owner.run(CONTENT, { ids: [task.id] })
    expect(await getTask(owner, task.id)).toMatchObject({
      status: 'draft',
      html_content: '<h2>One</h2><p>two three</p>',
      word_count: 3,
      meta_title: 'M',
      meta_description: 'D',
      slug: 'ein-slug-für-kaffee',
      excerpt: 'E',
    })
    const list = await owner.get<{ results: { metadata: Record<string, unknown> }[] }>(
      `writer/content/?task_id=${task.id}`,
    )
    const { metadata } = list.body.results[0]!
    expect(metadata).toMatchObject({ provider: 'openai', model: 'gpt-4o-mini' })
    expect(metadata.tokens_out).toBeGreaterThan(0)
  })

  it('releases the credits when it fails, and leaves the task queued with the error', async () => {
    const task = await newTask(owner, place)
    const before = await balance(owner)
    openai.script(BAD_ANSWER, BAD_ANSWER)
    const run = await owner.run(CONTENT, { ids: [task.id], then: ['images'] })
    expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'ai_bad_answer' } })
    expect(run.result?.steps.map(({ state }) => state)).toEqual(['failed', 'cancelled'])
    const failed = await getTask(owner, task.id)
    expect(failed).toMatchObject({
      status: 'queued',
      html_content: '',
      error: { code: 'ai_bad_answer', message: run.error?.message },
    })
    expect(Date.parse(failed.error!.at)).toBeGreaterThan(Date.now() - 60_000)
    expect(await balance(owner)).toEqual(before)
    const again = await owner.run(CONTENT, { ids: [task.id] })
    expect(again.state).toBe('SUCCESS')
    expect(await getTask(owner, task.id)).toMatchObject({ status: 'draft', error: null })
  })

  it('does not affect other tasks of the run when it fails for one', async () => {
    const [a, b] = [await newTask(owner, place), await newTask(owner, place)]
    openai.script(REFUSED)
    const run = await owner.run(CONTENT, { ids: [a.id, b.id] })
    expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'ai_key_refused' } })
    const states = [await getTask(owner, a.id), await getTask(owner, b.id)]
    expect(states.map(({ status }) => status).sort()).toEqual(['draft', 'queued'])
    expect(await balance(owner)).toMatchObject({ charged: 3, held: 0 })
  })

  it('is retried while the server is down', async () => {
    const task = await newTask(owner, place)
    openai.script(BUSY, BUSY, BUSY, BUSY)
    const runId = await accept(CONTENT, { ids: [task.id] })
    await progressWhere(runId, ({ meta }) => meta.message.includes('Retrying in 5 s'))
    expect(await getTask(owner, task.id)).toMatchObject({ status: 'queued', error: null })
    expect(await balance(owner)).toMatchObject({ charged: 0, held: 3 })
    expect(await owner.follow(runId)).toMatchObject({ state: 'SUCCESS' })
    expect(await getTask(owner, task.id)).toMatchObject({ status: 'draft', error: null })
    expect(await balance(owner)).toMatchObject({ charged: 3, held: 0 })
  })

  it('can be cancelled while it waits for a retry, which leaves the task queued', async () => {
    const task = await newTask(owner, place)
    const before = await balance(owner)
    openai.script(BUSY, BUSY, BUSY, BUSY)
    const runId = await accept(CONTENT, { ids: [task.id] })
    await progressWhere(runId, ({ meta }) => meta.message.includes('Retrying'))
    await owner.post(`system/settings/task_progress/${runId}/cancel/`)
    expect(await owner.follow(runId)).toMatchObject({ state: 'CANCELLED' })
    expect((await getTask(owner, task.id)).status).toBe('queued')
    expect(await balance(owner)).toEqual(before)
  })
})

describe('while an article is generated', () => {
  /** Runs `meanwhile` between the server's receiving the request and its answer. */
  async function whileGenerating(taskId: number, meanwhile: () => Promise<void>) {
    const { promise, resolve } = Promise.withResolvers<void>()
    openai.script({ do: 'wait', until: promise })
    const request = openai.nextRequest()
    const runId = await accept(CONTENT, { ids: [taskId] })
    await request
    try {
      await meanwhile()
    } finally {
      resolve()
    }
    return owner.follow(runId)
  }

  it('the task is in progress and can be neither deleted nor given a status', async () => {
    const { id } = await newTask(owner, place)
    const run = await whileGenerating(id, async () => {
      expect((await getTask(owner, id)).status).toBe('in_progress')
      expect((await owner.call('DELETE', `writer/tasks/${id}/`)).status).toBe(409)
      const set = await owner.call('PATCH', `writer/tasks/${id}/`, { status: 'queued' })
      expect(set.status).toBe(409)
      expect((await owner.post(CONTENT, { ids: [id] })).status).toBe(409)
    })
    expect(run.state).toBe('SUCCESS')
  })

  it('an article written by hand is kept, and the run says so', async () => {
    const { id } = await newTask(owner, place)
    const before = await balance(owner)
    const html_content = '<p>By hand.</p>'
    const run = await whileGenerating(id, async () => {
      await owner.call('PATCH', `writer/tasks/${id}/`, { html_content })
    })
    expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'changed_by_hand' } })
    expect(await getTask(owner, id)).toMatchObject({ html_content, status: 'queued' })
    expect(await balance(owner)).toEqual(before)
  })

  it('a meta title written by hand is kept beside the generated article', async () => {
    const { id } = await newTask(owner, place)
    const run = await whileGenerating(id, async () => {
      await owner.call('PATCH', `writer/tasks/${id}/`, { meta_title: 'By hand' })
    })
    expect(run.state).toBe('SUCCESS')
    const task = await getTask(owner, id)
    expect(task).toMatchObject({ meta_title: 'By hand', status: 'draft' })
    expect(task.meta_description).not.toBe('')
    expect(task.html_content).toContain('<h2>')
  })
})

describe('images by an OpenAI-compatible server', () => {
  it('are made of the originals it answers', async () => {
    const { id } = await newDraft(owner, place)
    await owner.run(IMAGES, { ids: [id] })
    const list = await owner.get<{ count: number; results: { provider: string }[] }>(
      `writer/images/?task_id=${id}`,
    )
    expect(list.body.count).toBe(4)
    expect(list.body.results[0]?.provider).toBe('openai')
    expect((await getTask(owner, id)).status).toBe('review')
  })

  it('are counted in the progress of a run for one task', async () => {
    const { id } = await newDraft(owner, place)
    const { promise, resolve } = Promise.withResolvers<void>()
    openai.script(WELL, WELL, { do: 'wait', until: promise })
    const runId = await accept(IMAGES, { ids: [id] })
    const { meta } = await progressWhere(runId, ({ meta }) => meta.message.includes('image 2 of 2'))
    expect(meta).toMatchObject({ current: 1, total: 2, percentage: 50 })
    resolve()
    expect((await owner.follow(runId)).meta).toMatchObject({ current: 2, percentage: 100 })
  })

  it('leave the article a draft with the error when they fail, free of charge', async () => {
    const { id } = await newTask(owner, place)
    openai.script(WELL, WELL, WELL, REFUSED)
    const run = await owner.run(CONTENT, { ids: [id], then: ['images'] })
    expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'ai_key_refused' } })
    expect(run.result?.steps.map(({ state }) => state)).toEqual(['succeeded', 'failed'])
    expect(await getTask(owner, id)).toMatchObject({
      status: 'draft',
      error: { code: 'ai_key_refused' },
    })
    expect((await owner.get<{ count: number }>(`writer/images/?task_id=${id}`)).body.count).toBe(0)
    expect(await balance(owner)).toMatchObject({ charged: 3, held: 0 })
    await owner.run(IMAGES, { ids: [id] })
    expect(await getTask(owner, id)).toMatchObject({ status: 'review', error: null })
  })

  it('are not generated again after a failure', async () => {
    const { id } = await newDraft(owner, place)
    const before = openai.requests.length
    openai.script(WELL, WELL, BUSY, BUSY, BUSY, BUSY)
    expect((await owner.run(IMAGES, { ids: [id] })).state).toBe('SUCCESS')
    const paths = openai.requests.slice(before).map(({ path }) => path.replace('/v1/', ''))
    expect(paths).toEqual(['chat/completions', ...Array(6).fill('images/generations')])
    const { body } = await owner.get<{ count: number }>(`writer/images/?task_id=${id}`)
    expect(body.count).toBe(4)
    expect(await balance(owner)).toMatchObject({ held: 0 })
    const [usage] = await service.sql`select images, tokens_in from usage_logs
      where account_id = ${owner.accountId} order by id desc limit 1`
    expect(usage).toMatchObject({ images: 2 })
    expect(usage!.tokens_in).toBeGreaterThan(0)
  })
})
