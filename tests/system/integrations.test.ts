import { describe, expect, it } from 'vitest'
import { balance, newPlace } from '../writer/place.ts'
import {
  type Integration,
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
const get = (type: string) => owner.get<Integration>(`${SETTINGS}${type}/`)

describe('integrations', () => {
  it('are listed, each with its defaults, before any was saved', async () => {
    const { status, body } = await owner.get<{ count: number; results: Integration[] }>(SETTINGS)
    expect([status, body.count]).toEqual([200, 4])
    expect(body.results.map((one) => [one.integration_type, one.is_active])).toEqual([
      ['openai', false],
      ['runware', false],
      ['gsc', false],
      ['image_generation', false],
    ])
    expect(body.results[1]!.config).toEqual({
      ...{ api_key: null, base_url: 'https://api.runware.ai/v1' },
      ...{ model: 'runware:101@1', size: '1536x1024' },
    })
    expect((await get('image_generation')).body).toEqual(body.results[3])
    expect((await owner.get(`${SETTINGS}?status=active`)).status).toBe(400)
  })

  it.each(['PUT', 'PATCH', 'POST'])(
    'change by %s what is named, and keep the rest',
    async (method) => {
      await saveOpenAi()
      const path = `${SETTINGS}openai/${method === 'POST' ? 'save/' : ''}`
      const changed = await owner.call<Integration>(method, path, { config: { model: 'gpt-5' } })
      expect(changed.status).toBe(200)
      expect(changed.body).toMatchObject({
        config: { api_key: '…1234', base_url: openai.url, model: 'gpt-5' },
        is_active: true,
      })
      await owner.call(method, path, { is_active: false })
      const reset = await owner.call<Integration>(method, path, { config: { model: null } })
      expect(reset.body).toMatchObject({ config: { model: 'gpt-4o-mini' }, is_active: false })
    },
  )

  it('show no secret, however short', async () => {
    for (const api_key of ['short', 'elevenchars']) {
      expect((await save('runware', { api_key })).body.config.api_key).toBe('…')
    }
    expect((await save('runware', { api_key: null })).body.config.api_key).toBeNull()
  })

  it('keep a secret that is sent back as it is shown, and store no other mask', async () => {
    await saveOpenAi()
    const { config } = (await get('openai')).body
    const back = await save('openai', { ...config, model: 'gpt-5' })
    expect([back.status, back.body.config]).toEqual([200, { ...config, model: 'gpt-5' }])
    expect((await owner.post(`${SETTINGS}openai/test/`)).status).toBe(200)
    for (const api_key of ['…9999', '…']) {
      expect(await save('openai', { api_key })).toMatchObject({
        status: 400,
        body: { errors: [{ path: 'config.api_key' }] },
      })
    }
    const elsewhere = await save('openai', { ...config, base_url: 'https://thief.example/v1' })
    expect(elsewhere.status).toBe(400)
  })

  it('do not hand a stored key to another server', async () => {
    await saveOpenAi()
    const elsewhere = await save('openai', { base_url: 'https://thief.example/v1' })
    expect([elsewhere.status, elsewhere.body]).toMatchObject([
      400,
      { errors: [{ path: 'config.api_key' }] },
    ])
    expect((await save('openai', { base_url: null })).status).toBe(400)
    expect((await save('openai', { base_url: `${openai.url}/` })).status).toBe(200)
    const given = { base_url: 'https://other.example/v1', api_key: 'sk-another-key-9999' }
    expect((await save('openai', given)).body.config.api_key).toBe('…9999')
  })

  it.each<[string, object, string]>([
    ['openai', { base_url: 'ftp://example.com' }, 'config.base_url'],
    ['openai', { size: '1024x1024' }, 'config.size'],
    ['openai', { model: '' }, 'config.model'],
    ['runware', { size: '1000x1000' }, 'config.size'],
    ['runware', { size: '4096x4096' }, 'config.size'],
    ['runware', { size: 'large' }, 'config.size'],
    ['gsc', { api_key: 'x' }, 'config.api_key'],
    ['gsc', { redirect_uri: 'javascript:alert(1)' }, 'config.redirect_uri'],
    ['image_generation', { provider: 'midjourney' }, 'config.provider'],
    ['image_generation', { model: 'gpt-image-1' }, 'config.provider'],
    ['image_generation', { provider: 'openai', model: 'dall-e-2' }, 'config.model'],
    ['image_generation', { provider: 'openai', size: '1792x1024' }, 'config.size'],
    ['image_generation', { provider: 'runware', size: '1000x1000' }, 'config.size'],
    ['image_generation', { provider: 'local', model: 'gpt-image-1' }, 'config.model'],
    ['image_generation', { provider: 'local', size: '512x512' }, 'config.size'],
  ])('refuse of %s %j', async (type, config, path) => {
    const { status, body } = await save(type, config)
    expect([status, body]).toMatchObject([400, { errors: [{ path }] }])
    expect((await get(type)).body.updated_at).toBeNull()
  })

  it('change by an entity tag only what was read', async () => {
    const path = `${SETTINGS}runware/`
    const tag = (await get('runware')).headers.get('etag')!
    const change = (etag: string) =>
      owner.call('PATCH', path, { config: { size: '1024x1024' } }, { 'if-match': etag })
    const answers = await Promise.all([change(tag), change(tag)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412])
    const current = (await get('runware')).headers.get('etag')!
    expect(current).not.toBe(tag)
    const known = await owner.call('GET', path, undefined, { 'if-none-match': current })
    expect(known.status).toBe(304)
  })

  it('lose nothing when two are saved at once', async () => {
    await Promise.all([
      save('runware', { api_key: RUNWARE_KEY }),
      save('runware', { model: 'runware:100@1' }),
      save('runware', { size: '1024x1024' }),
    ])
    expect((await get('runware')).body.config).toMatchObject({
      ...{ api_key: '…5678', model: 'runware:100@1', size: '1024x1024' },
    })
  })
})

describe('a test of the connection', () => {
  const test = (path: string) => owner.post<Record<string, unknown>>(`${SETTINGS}${path}/`)

  it.each(['openai/test', 'openai/test_openai', 'image_generation/test_openai'])(
    'by %s says that the server answers, and what it lacks',
    async (path) => {
      await save('openai', { api_key: KEY, base_url: openai.url, model: 'gpt-9' }, false)
      const { status, body } = await test(path)
      expect([status, body]).toEqual([
        200,
        {
          integration_type: 'openai',
          message: `${openai.hostPort} works and lists 2 models.`,
          warnings: [`${openai.hostPort} does not list the model gpt-9.`],
        },
      ])
      expect(await balance(owner)).toMatchObject({ charged: 0, held: 0 })
    },
  )

  it.each(['runware/test', 'runware/test_runware'])(
    'by %s tells the balance there',
    async (path) => {
      await saveRunware()
      expect(await test(path)).toMatchObject({
        status: 200,
        body: {
          integration_type: 'runware',
          message: 'Runware works. The balance is $12.50.',
        },
      })
    },
  )

  it('of the images asks who makes them', async () => {
    await saveRunware()
    await save('image_generation', { provider: 'runware' })
    const { body } = await test('image_generation/test')
    expect(body).toMatchObject({ integration_type: 'image_generation', message: /Runware answers/ })
    await save('image_generation', { provider: 'local' })
    expect((await test('image_generation/test')).status).toBe(200)
  })

  it('is refused where nothing was saved', async () => {
    for (const path of [
      'openai/test',
      'gsc/test',
      'runware/test_runware',
      'image_generation/test',
    ]) {
      const { status, body } = await test(path)
      expect([status, body.code], path).toEqual([409, 'integration_not_configured'])
    }
    expect((await test('another/test')).status).toBe(400)
    expect((await owner.get(`${SETTINGS}another/`)).status).toBe(404)
  })

  it('says what is wrong, at once and without the key', async () => {
    const wrong = 'sk-a-wrong-key-of-mine-4321'
    await save('openai', { api_key: wrong, base_url: openai.url })
    await save('runware', { api_key: wrong, base_url: runware.url })
    for (const type of ['openai', 'runware']) {
      const { status, body } = await test(`${type}/test`)
      expect([status, body], type).toMatchObject([
        422,
        { code: 'integration_check_failed', cause_code: 'ai_key_refused' },
      ])
      expect(JSON.stringify(body)).not.toContain(wrong)
    }
    const [stored] = await service.sql`select (select string_agg(r::text, ' ') from runs r) ||
      (select string_agg(s::text, ' ') from run_steps s) as text`
    expect(stored!.text).not.toContain(wrong)
  })

  it('reaches no private address that is not allowed', async () => {
    await save('openai', { api_key: KEY, base_url: 'http://127.0.0.1:8099/v1' })
    const { body } = await test('openai/test')
    expect(body.cause_code).toBe('ai_address_not_allowed')
  })

  it('says that the stored key cannot be read', async () => {
    await saveOpenAi()
    await saveRunware()
    await service.sql`update integration_settings set api_key = 'v1.gone.x.x'
      where account_id = ${owner.accountId}`
    for (const type of ['openai', 'runware']) {
      const { status, body } = await test(`${type}/test`)
      expect([status, body.cause_code]).toEqual([422, 'ai_key_unreadable'])
    }
  })
})

it('ends a run with a clear word when the key of its texts cannot be read', async () => {
  await saveOpenAi()
  await service.sql`update integration_settings set api_key = 'v1.gone.x.x'
    where account_id = ${owner.accountId}`
  const place = await newPlace(owner)
  const task = await owner.post<{ id: number }>('writer/tasks/', { ...place, title: 'A title' })
  const run = await owner.run('writer/tasks/auto_generate_content/', { ids: [task.body.id] })
  expect(run).toMatchObject({
    state: 'FAILURE',
    error: { code: 'ai_key_unreadable', message: expect.stringContaining('Save it again') },
  })
})
