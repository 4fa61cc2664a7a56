import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Client, Json } from '../helpers/client.ts'
import { dataIn } from '../helpers/openai-answers.ts'
import { type OpenAiServer, startOpenAiServer } from '../helpers/openai-server.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addCluster, addKeywords, getTask, newPlace, newTask, type Place } from '../writer/place.ts'

const CONTENT = 'writer/tasks/auto_generate_content/'
const IDEAS = 'planner/clusters/auto_generate_ideas/'

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
  openai.requests.length = 0
})
afterAll(async () => {
  await service?.stop()
  await openai?.stop()
})

async function made(path: string, body: object): Promise<number> {
  const answer = await owner.post<{ id: number }>(`system/${path}/`, body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body.id
}

async function write(fields: Json = {}, in_: Place = place) {
  const task = await newTask(owner, in_, { title: 'Moka at home', ...fields })
  const run = await owner.run(CONTENT, { ids: [task.id] })
  expect(run.state).toBe('SUCCESS')
  const html = (await getTask(owner, task.id)).html_content!
  const headings = [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, text]) => text)
  return { run, html, headings, id: task.id, result: run.result!.steps[0]!.result! }
}

async function metadataOf(taskId: number): Promise<Json> {
  const list = await owner.get<{ results: { metadata: Json }[] }>(
    `writer/content/?task_id=${taskId}`,
  )
  return list.body.results[0]!.metadata
}

const sections = [
  { heading: 'What you need', guidance: 'Name the pot & the grinder' },
  { heading: 'Step by step', words: 300 },
  { heading: 'When it goes wrong' },
]

describe('a provider over the wire', () => {
  const asked = (index = -1) => {
    const messages = openai.requests.at(index)!.body.messages as { content: string }[]
    return messages[1]!.content
  }

  beforeEach(async () => {
    const saved = await owner.call('PUT', 'system/settings/integrations/openai/', {
      config: { api_key: 'sk-only-a-test', base_url: openai.url },
    })
    expect(saved.status).toBe(200)
  })

  it("is asked with the account's prompt, and with the default while that is not active", async () => {
    const id = await made('prompts', {
      prompt_type: 'content_generation',
      prompt_value: 'Like a pirate, on {title}.',
    })
    await write()
    expect(asked()).toMatch(/^Like a pirate, on <title>\n"Moka at home"\n<\/title>\./)
    await owner.call('PATCH', `system/prompts/${id}/`, { is_active: false })
    await write()
    expect(asked()).toMatch(/^You write for a website/)
  })

  it("is asked with the prompts of the sector's strategy first, in that sector alone", async () => {
    const elsewhere = await newPlace(owner, 'Tea')
    await made('prompts', { prompt_type: 'content_generation', prompt_value: 'Account: {title}' })
    await made('strategies', {
      name: 'Coffee',
      sector_id: place.sector_id,
      prompt_types: { content_generation: 'Strategy: {title}' },
    })
    const { id } = await write()
    expect(asked()).toMatch(/^Strategy: /)
    expect((await metadataOf(id)).strategy_id).toEqual(expect.any(Number))
    await write({}, elsewhere)
    expect(asked()).toMatch(/^Account: /)
    const prompt_types = { content_generation: 'Everywhere else: {title}' }
    await made('strategies', { name: 'Wide', prompt_types })
    await write({}, elsewhere)
    expect(asked()).toMatch(/^Everywhere else: /)
    await write()
    expect(asked()).toMatch(/^Strategy: /)
  })

  it('is asked with edited prompts for clusters, ideas and images too', async () => {
    const prompts = {
      clustering: 'Group {keywords} beside {existing_clusters}',
      ideas: 'exactly {count} for {cluster}',
      image_prompt_extraction: 'exactly {count} pictures of {title}',
      image_prompt_template: 'Photo: {prompt} Without {negative_prompt}',
      negative_prompt: 'fog',
    }
    await made('strategies', { name: 'All', prompt_types: prompts })
    await addKeywords(service, owner, place, ['moka pot', 'moka cup'])
    await owner.run('planner/keywords/auto_cluster/', place)
    expect(asked()).toMatch(/^Group <keywords>/)
    const cluster = await addCluster(service, owner, place, 'Moka pots')
    await owner.run(IDEAS, { ids: [cluster], ideas_per_cluster: 3 })
    expect(asked()).toMatch(/^exactly 3 for <cluster>/)
    const { id } = await write()
    const images = { ids: [id], images_per_task: 1 }
    expect((await owner.run('writer/tasks/auto_generate_images/', images)).state).toBe('SUCCESS')
    expect(asked(-2)).toMatch(/^exactly 1 pictures of <title>/)
    expect(openai.requests.at(-1)!.body.prompt).toMatch(/^Photo: A person .* Without fog$/)
  })

  it('is told who writes, and writes so', async () => {
    const before = await write()
    expect(dataIn(asked(), 'author_profile')).toBeUndefined()
    const usual = { name: 'Ann', tone: 'dry as dust', language: 'German', is_default: true }
    await made('author_profiles', usual)
    const after = await write()
    expect(dataIn(asked(), 'author_profile')).toEqual({
      name: 'Ann',
      description: '',
      tone: 'dry as dust',
      language: 'German',
    })
    expect(asked()).toMatch(/Who writes\. Take on this tone and this language/)
    expect(before.html).not.toContain('dry as dust')
    expect(after.html).toContain('Written in German, and dry as dust.')
  })

  it("takes the task's profile, else the strategy's, else the account's default, and none that is not active", async () => {
    const [task, strategy, usual] = [
      await made('author_profiles', { name: 'Of the task' }),
      await made('author_profiles', { name: 'Of the strategy' }),
      await made('author_profiles', { name: 'The default', is_default: true }),
    ]
    await made('strategies', { name: 'S', author_profile_id: strategy })
    const writer = async () => {
      const { id } = await write({ author_profile_id: task })
      const { name } = dataIn(asked(), 'author_profile') as { name: string }
      return [name, (await metadataOf(id)).author_profile_id]
    }
    expect(await writer()).toEqual(['Of the task', task])
    await owner.call('PATCH', `system/author_profiles/${task}/`, { is_active: false })
    expect(await writer()).toEqual(['Of the strategy', strategy])
    await owner.call('DELETE', `system/author_profiles/${strategy}/`)
    expect(await writer()).toEqual(['The default', usual])
  })

  it('is told the sections: of the structure, else of the default, else of the profile', async () => {
    await made('author_profiles', {
      name: 'A',
      is_default: true,
      structure_template: { sections: [{ heading: 'Of the profile' }] },
    })
    expect((await write()).headings).toEqual(['Of the profile'])
    const id = await made('strategies', {
      name: 'S',
      section_logic: { pillar_page: sections, default: [{ heading: 'Of the default' }] },
    })
    expect((await write()).headings).toEqual(['Of the default'])
    const pillar = await write({ content_structure: 'pillar_page' })
    expect(dataIn(asked(), 'sections')).toEqual(sections)
    expect(pillar.headings).toEqual(sections.map(({ heading }) => heading))
    await owner.call('PATCH', `system/strategies/${id}/`, { is_active: false })
    expect((await write()).headings).toEqual(['Of the profile'])
  })

  it('is told the same of ideas', async () => {
    await made('author_profiles', { name: 'A', language: 'German', is_default: true })
    await made('strategies', { name: 'S', section_logic: { pillar_page: sections } })
    const cluster = await addCluster(service, owner, place, 'Moka pots')
    await owner.run(IDEAS, { ids: [cluster] })
    expect(dataIn(asked(), 'author_profile')).toMatchObject({ language: 'German' })
    expect(dataIn(asked(), 'section_logic')).toEqual({ pillar_page: sections })
  })
})

describe('the local provider', () => {
  it('writes in the sections that are asked for, and about as long', async () => {
    const before = await write()
    await made('strategies', { name: 'S', section_logic: { default: sections } })
    const { headings, html } = await write()
    expect(before.headings).not.toContain('What you need')
    expect(headings).toEqual(sections.map(({ heading }) => heading))
    expect(html).toContain('To be written here: Name the pot &amp; the grinder')
    const words = (text: string) => text.replace(/<[^>]*>/g, ' ').match(/\S+/g)!.length
    expect(words(html)).toBeGreaterThan(800)
    expect(words(html)).toBeLessThan(1500)
    const steps = html.split('<h2>Step by step</h2>')[1]!.split('<h2>')[0]!
    expect(words(steps)).toBeGreaterThan(200)
    expect(words(steps)).toBeLessThan(400)
  })

  it('writes in another voice for another tone', async () => {
    const opening = async (tone: string) => {
      const author_profile_id = await made('author_profiles', { name: tone, tone })
      const { html, result } = await write({ author_profile_id })
      return { first: html.split('</p>')[0]!, notes: result.notes }
    }
    const plain = await opening('plain')
    const friendly = await opening('warm and friendly')
    const formal = await opening('Formal')
    expect(new Set([plain.first, friendly.first, formal.first]).size).toBe(3)
    expect([plain.notes, friendly.notes, formal.notes]).toEqual([undefined, undefined, undefined])
    const other = await opening('like a <b>pirate</b>')
    expect(other.first).toBe(plain.first)
    expect(other.notes).toEqual([
      'The local provider is friendly, formal or plain; for the tone “like a <b>pirate</b>” it was plain.',
    ])
  })

  it('says in the draft, the run and the record that it cannot write a language', async () => {
    const english = await made('author_profiles', { name: 'E', language: 'en-GB' })
    expect((await write({ author_profile_id: english })).result.notes).toBeUndefined()
    const author_profile_id = await made('author_profiles', { name: 'G', language: 'German' })
    const { html, run, result, id } = await write({ author_profile_id })
    const note = /writes English alone, and German was asked for/
    expect(html).toMatch(note)
    expect(result.notes).toEqual([expect.stringMatching(note)])
    expect(JSON.stringify(run.meta.response_steps)).toMatch(note)
    expect(await metadataOf(id)).toMatchObject({ author_profile_id, notes: result.notes })
  })

  it('says that it reads no prompts', async () => {
    const templates = {
      clustering: 'C',
      content_generation: 'On {title}',
      image_prompt_extraction: 'I',
    }
    for (const [prompt_type, prompt_value] of Object.entries(templates)) {
      await made('prompts', { prompt_type, prompt_value })
    }
    const note = expect.stringContaining('reads no prompts')
    const { result, id } = await write()
    expect(result.notes).toEqual([note])
    await addKeywords(service, owner, place, ['moka pot'])
    for (const run of [
      await owner.run('planner/keywords/auto_cluster/', place),
      await owner.run('writer/tasks/auto_generate_images/', { ids: [id], images_per_task: 1 }),
    ]) {
      const answered = run.meta.response_steps as { message: string }[]
      expect(answered[0]).toMatchObject({ message: note })
    }
  })

  it('plans ideas with the sections, the tone and the language', async () => {
    await made('author_profiles', { name: 'A', tone: 'dry', language: 'German', is_default: true })
    await made('strategies', { name: 'S', section_logic: { supporting_page: sections } })
    const cluster = await addCluster(service, owner, place, 'Moka pots')
    const run = await owner.run(IDEAS, { ids: [cluster] })
    expect(run.result!.steps[0]!.result!.notes).toEqual([expect.stringContaining('German')])
    type Idea = { content_structure: string; description: string }
    const { body } = await owner.get<{ results: Idea[] }>('planner/ideas/')
    const of = (structure: string) =>
      body.results.filter(({ content_structure }) => content_structure === structure)
    expect(of('supporting_page').length).toBeGreaterThan(2)
    for (const { description } of of('supporting_page')) {
      expect(description).toContain('“What you need”, “Step by step”, “When it goes wrong”')
      expect(description).toContain('Tone: dry. Language: German.')
    }
    expect(of('pillar_page')[0]!.description).not.toContain('What you need')
  })
})
