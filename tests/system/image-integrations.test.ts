import { describe, expect, it } from 'vitest'
import { balance, newDraft, newPlace } from '../writer/place.ts'
import {
  KEY,
  openai,
  owner,
  RUNWARE_KEY,
  runware,
  SETTINGS,
  save,
  saveOpenAi,
  saveRunware,
  service,
  withProviders,
} from './providers.ts'

withProviders()

type Tried = { provider: string; model: string; width: number; height: number; image_url: string }

describe('an image to try', () => {
  const make = (type: string, prompt = 'A red bicycle') =>
    owner.post<Tried>(`${SETTINGS}${type}/generate_image/`, { prompt })

  it('is drawn by the local provider by default, at the price of an image', async () => {
    const before = (await balance(owner)).balance
    const { status, body } = await make('image_generation')
    expect([status, body]).toMatchObject([200, { provider: 'local', width: 1024 }])
    const file = await fetch(service.url + body.image_url)
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'image/webp'])
    expect(await balance(owner)).toMatchObject({ balance: before - 1, charged: 1, held: 0 })
    const usage = await owner.get<{ results: object[] }>('billing/usage/')
    expect(usage.body.results).toMatchObject([{ operation: 'test_image', images: 1, cost: 1 }])
  })

  it('is made by the named provider, active or not', async () => {
    await save('openai', { api_key: KEY, base_url: openai.url }, false)
    await save('runware', { api_key: RUNWARE_KEY, base_url: runware.url, size: '512x512' }, false)
    expect((await make('openai')).body).toMatchObject({ provider: 'openai', model: 'gpt-image-1' })
    expect((await make('runware')).body).toMatchObject({
      ...{ provider: 'runware', model: 'runware:101@1', width: 512, height: 512, cost_usd: 0.0038 },
    })
    expect((await make('image_generation')).body.provider).toBe('local')
  })

  it("is asked for in the account's own words", async () => {
    await saveRunware()
    const own = { image_prompt_template: 'An etching: {prompt}', negative_prompt: 'colour, frames' }
    for (const [prompt_type, prompt_value] of Object.entries(own)) {
      expect((await owner.post('system/prompts/', { prompt_type, prompt_value })).status).toBe(201)
    }
    await make('runware')
    expect(runware.tasks().at(-1)).toMatchObject({
      ...{ positivePrompt: 'An etching: A red bicycle', negativePrompt: 'colour, frames' },
    })
    const path = `${SETTINGS}runware/generate_image/`
    await owner.post(path, { prompt: 'A red bicycle', negative_prompt: 'people' })
    expect(runware.tasks().at(-1)!.negativePrompt).toBe('people')
  })

  it('costs nothing when it fails', async () => {
    await saveRunware()
    runware.script({ do: 'error', status: 402 })
    const { status, body } = await make('runware')
    expect([status, body]).toMatchObject([422, { cause_code: 'ai_quota_exceeded' }])
    expect(await balance(owner)).toMatchObject({ charged: 0, held: 0 })
  })
})

describe('the images of an article', () => {
  const IMAGES = 'writer/tasks/auto_generate_images/'

  async function makeImages() {
    const { id } = await newDraft(owner, await newPlace(owner))
    const run = await owner.run(IMAGES, { ids: [id] })
    const rows = await service.sql<{ provider: string; width: number }[]>`
      select distinct provider, width from images where task_id = ${id} and image_type = 'desktop'`
    return { run, rows: [...rows] }
  }

  it('use the chosen provider, model and size', async () => {
    await saveRunware()
    await saveOpenAi()
    const choice = { provider: 'runware', model: 'runware:100@1', size: '1024x768' }
    expect((await save('image_generation', choice)).status).toBe(200)
    const already = runware.tasks().length
    const { run, rows } = await makeImages()
    expect([run.state, rows]).toEqual(['SUCCESS', [{ provider: 'runware', width: 1024 }]])
    const tasks = runware.tasks().slice(already)
    expect(tasks.length).toBeGreaterThan(0)
    for (const task of tasks) {
      expect(task).toMatchObject({ model: 'runware:100@1', width: 1024, height: 768 })
      expect(task.negativePrompt).toContain('watermarks')
      expect(task.positivePrompt).not.toContain('watermarks')
    }
  })

  it('use OpenAI and another size if chosen', async () => {
    await saveOpenAi()
    await save('image_generation', { provider: 'openai', size: '1024x1024' })
    const already = openai.requests.length
    expect((await makeImages()).run.state).toBe('SUCCESS')
    const made = openai.requests.slice(already).filter(({ path }) => path.includes('images'))
    expect(made.map(({ body }) => body.size)).toContain('1024x1024')
  })

  it('come from the active provider if none is chosen', async () => {
    expect((await makeImages()).rows).toMatchObject([{ provider: 'local' }])
    await saveRunware()
    expect((await makeImages()).rows).toMatchObject([{ provider: 'runware' }])
    await saveOpenAi()
    expect((await makeImages()).rows).toMatchObject([{ provider: 'openai' }])
  })

  it('fail free of charge if the provider is not active or the plan lacks the model', async () => {
    await save('image_generation', { provider: 'runware' })
    const inactive = (await makeImages()).run
    expect(inactive).toMatchObject({ state: 'FAILURE', error: { code: 'ai_not_configured' } })
    await save('image_generation', { provider: null })
    await save('runware', { api_key: RUNWARE_KEY, base_url: runware.url, model: 'civitai:1@2' })
    const { run } = await makeImages()
    expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'ai_model_not_in_plan' } })
    expect(await balance(owner)).toMatchObject({ charged: 0, held: 0 })
  })

  it('can use any model in a plan that includes all', async () => {
    await service.sql`update accounts set plan_id = (select id from plans where slug = 'growth')
      where id = ${owner.accountId}`
    const saved = await save('image_generation', { provider: 'openai', model: 'sdxl-at-home' })
    expect(saved.status).toBe(200)
  })

  it('fail with a clear error if the stored key cannot be decrypted', async () => {
    await saveRunware()
    await service.sql`update integration_settings set api_key = 'v1.gone.x.x'
      where account_id = ${owner.accountId}`
    const { run } = await makeImages()
    expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'ai_key_unreadable' } })
  })
})
