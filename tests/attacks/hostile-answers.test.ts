import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  completionWith,
  HOSTILE_ANSWERS,
  type HostileAnswer,
  type HostileServer,
  startHostileServer,
} from '../helpers/hostile-server.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { multiplying } from './endless-text.ts'

const KINDS = Object.keys(HOSTILE_ANSWERS) as HostileAnswer[]

const servers: Record<string, HostileServer> = {}
let model: HostileServer
let service: TestService
beforeAll(async () => {
  for (const kind of KINDS) servers[kind] = await startHostileServer()
  model = await startHostileServer()
  const all = [...Object.values(servers), model]
  service = await startTestService({ allowPrivateSites: all.map(({ hostPort }) => hostPort) })
})
afterAll(async () => {
  await service.stop()
  await Promise.all([...Object.values(servers), model].map((server) => server.stop()))
})

type Problem = { code: string; detail: string; cause_code: string }

/** Ready to be published. */
const STORED = { html_content: '<p>Tea.</p>', status: 'review' }

async function newTask(owner: Awaited<ReturnType<TestService['owner']>>): Promise<number> {
  const site = (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body.id
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id: site, name: 'Tea' })
  const place = { site_id: site, sector_id: sector.body.id }
  return (await owner.post<{ id: number }>('writer/tasks/', { ...place, title: 'Tea' })).body.id
}

describe('a hostile site', { timeout: 240_000 }, () => {
  it('fails its own link with a clear message, whatever it answers, while others work', async () => {
    const owner = await service.owner('Attacked')
    const linked = Promise.all(
      KINDS.map(async (kind) => {
        const server = servers[kind]!
        server.answer(kind)
        const site = (await owner.post<{ id: number }>('auth/sites/', { name: kind })).body.id
        const credentials = { wp_username: 'u', wp_app_password: 'abcd efgh ijkl mnop' }
        const path = `auth/sites/${site}/wordpress/`
        const answer = await owner.call<Problem & { task_id?: number }>('PUT', path, {
          ...{ wp_url: server.url, ...credentials },
        })
        if (answer.status === 422) return answer.body.detail
        const { state, error } = await owner.follow(answer.body.task_id!)
        expect(state, kind).toBe('FAILURE')
        return error!.message
      }),
    )
    const other = await service.owner('Other')
    const run = await other.run('writer/tasks/auto_generate_content/', {
      ids: [await newTask(other)],
    })
    expect(run.state).toBe('SUCCESS')
    for (const [at, message] of (await linked).entries()) {
      expect(message, KINDS[at]).toContain('127.0.0.1')
      expect(message.length, KINDS[at]).toBeLessThan(1_000)
      expect(servers[KINDS[at]!]!.attacked(), KINDS[at]).toBeGreaterThan(0)
    }
  })
})

describe('a hostile model', { timeout: 240_000 }, () => {
  it.each([
    ['formatting left open', multiplying(1_200), /more than \d+ elements/],
    ['elements left open', `<p>Words.${'<div>'.repeat(5_000)}`, /more than 256 elements/],
    ['too many characters', `<p>${'word '.repeat(300_000)}`, /more than 1000000 characters/],
  ])('that writes an article of %s fails the step, and charges nothing', async (_, html, said) => {
    const owner = await service.owner('Reader')
    const config = { api_key: 'sk-hostile', base_url: `${model.url}/v1`, model: 'm' }
    const saved = await owner.call('PUT', 'system/settings/integrations/openai/', { config })
    expect(saved.status).toBe(200)
    model.answer(completionWith(html))
    const run = await owner.run('writer/tasks/auto_generate_content/', {
      ids: [await newTask(owner)],
    })
    expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'ai_bad_answer' } })
    expect(run.error?.message).toMatch(said)
  })

  it('that lists millions of values fails the step as well', async () => {
    const owner = await service.owner('Lister')
    const config = { api_key: 'sk-hostile', base_url: `${model.url}/v1`, model: 'm' }
    await owner.call('PUT', 'system/settings/integrations/openai/', { config })
    model.answer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(`{"choices":[${'1,'.repeat(3_000_000)}1]}`)
    })
    const run = await owner.run('writer/tasks/auto_generate_content/', {
      ids: [await newTask(owner)],
    })
    expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'ai_bad_answer' } })
  })
})

describe('an article that multiplies', { timeout: 240_000 }, () => {
  it('is refused where it is stored', async () => {
    const owner = await service.owner('Author')
    const task = await newTask(owner)
    const html_content = multiplying(1_200)
    const refused = { status: 400, body: { code: 'validation_failed' } }
    expect(await owner.call('PATCH', `writer/tasks/${task}/`, { html_content })).toMatchObject(
      refused,
    )
    await owner.call('PATCH', `writer/tasks/${task}/`, STORED)
    const content = await owner.get<{ results: { id: number }[] }>(
      `writer/content/?task_id=${task}`,
    )
    const id = content.body.results[0]!.id
    expect(await owner.call('PATCH', `writer/content/${id}/`, { html_content })).toMatchObject(
      refused,
    )
    const clashes = [{ field: 'content', base: null, ours: 'a', theirs: 'b' }]
    const conflict = { conflict_id: 'x', clashes, wanted: { status: 'publish' } }
    await service.sql`update tasks set conflict = ${service.sql.json(conflict)} where id = ${task}`
    const choices = { conflict_id: 'x', choices: [{ text: html_content }] }
    expect(await owner.post(`writer/tasks/${task}/resolve_conflict/`, choices)).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'choices.0.text' }] },
    })
  })

  it('fails the step of one that was stored before it was refused', async () => {
    const owner = await service.owner('Old author')
    const task = await newTask(owner)
    await owner.call('PATCH', `writer/tasks/${task}/`, STORED)
    await service.sql`update content set html_content = ${multiplying(3_700)} where task_id = ${task}`
    const images = await owner.run('writer/tasks/auto_generate_images/', { ids: [task] })
    expect(images).toMatchObject({ state: 'FAILURE', error: { code: 'article_too_complex' } })
  })

  it('fails its publication, not the worker', async () => {
    const server = servers['nothing, ever']!
    server.answer(null)
    const owner = await service.owner('Publisher')
    const task = await newTask(owner)
    await owner.call('PATCH', `writer/tasks/${task}/`, STORED)
    const { site_id } = (await owner.get<{ site_id: number }>(`writer/tasks/${task}/`)).body
    const linked = await owner.call('PUT', `auth/sites/${site_id}/wordpress/`, {
      ...{ wp_url: server.url, wp_username: 'u', wp_app_password: 'abcd efgh ijkl mnop' },
    })
    expect(linked.status).toBe(200)
    await service.sql`update content set html_content = ${multiplying(3_700)} where task_id = ${task}`
    const run = await owner.run('writer/tasks/publish/', { ids: [task], status: 'draft' })
    expect(run).toMatchObject({ state: 'FAILURE', error: { code: 'article_too_complex' } })
  })
})
