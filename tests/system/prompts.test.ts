import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_PROMPTS } from '../../server/ai/prompts/default-prompts.ts'
import { addUser, type Client } from '../helpers/client.ts'
import { dataIn } from '../helpers/openai-answers.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import {
  addCluster,
  addKeywords,
  newDraft,
  newPlace,
  newTask,
  type Place,
} from '../writer/place.ts'

type Prompt = {
  id: number
  prompt_type: string
  prompt_value: string
  default_prompt: string
  is_active: boolean
}
type List<T> = { count: number; results: T[] }
type Problem = { code: string; errors: { path: string; message: string }[] }
type Rendered = { source: string; rendered: string }

let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  place = await newPlace(owner)
})
afterAll(() => service?.stop())

const save = (client: Client, body: object) => client.post<Prompt>('system/prompts/', body)
const dryRun = (body: object) => owner.post<Rendered & Problem>('system/prompts/dry_run/', body)

describe('a prompt', () => {
  it('is the default until the account saves its own, and again when it is reset or deleted', async () => {
    const client = await service.owner()
    expect((await client.get<List<Prompt>>('system/prompts/')).body.count).toBe(0)
    const prompt_value = 'Write about {title}.'
    const saved = await save(client, { prompt_type: 'content_generation', prompt_value })
    expect(saved.status).toBe(201)
    expect(saved.body).toMatchObject({
      prompt_type: 'content_generation',
      prompt_value,
      default_prompt: DEFAULT_PROMPTS.content_generation,
      is_active: true,
    })
    const path = `system/prompts/${saved.body.id}/`
    const changed = await client.call('PATCH', path, { prompt_value: 'On {title}.' })
    expect(changed.body).toMatchObject({ prompt_value: 'On {title}.' })
    expect((await client.get(path)).body).toEqual(changed.body)
    const reset = await client.post<Prompt>(`${path}reset_to_default/`)
    expect([reset.status, reset.body.prompt_value]).toEqual([
      200,
      DEFAULT_PROMPTS.content_generation,
    ])
    expect((await client.call('DELETE', path)).status).toBe(204)
    expect((await client.get(path)).status).toBe(404)
    const actions = await service.sql`select action from audit_log
      where account_id = ${client.accountId} and object_type = 'prompt' order by id`
    expect(actions.map(({ action }) => action)).toEqual([
      'prompt.created',
      'prompt.updated',
      'prompt.reset',
      'prompt.deleted',
    ])
  })

  it('is one of its type in an account', async () => {
    const client = await service.owner()
    await save(client, { prompt_type: 'ideas' })
    const again = await save(client, { prompt_type: 'ideas' })
    expect([again.status, again.body]).toMatchObject([409, { code: 'already_exists' }])
    const both = await Promise.all(
      [1, 2].map(() => save(client, { prompt_type: 'negative_prompt', prompt_value: 'fog' })),
    )
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
  })

  it('can be listed by type and state, searched, and ordered', async () => {
    const client = await service.owner()
    await save(client, { prompt_type: 'negative_prompt', prompt_value: 'fog' })
    await save(client, { prompt_type: 'ideas', prompt_value: 'Ideas!', is_active: false })
    const types = async (query: string) =>
      (await client.get<List<Prompt>>(`system/prompts/?${query}`)).body.results.map(
        ({ prompt_type }) => prompt_type,
      )
    expect(await types('prompt_type=ideas')).toEqual(['ideas'])
    expect(await types('is_active=true')).toEqual(['negative_prompt'])
    expect(await types('search=FOG')).toEqual(['negative_prompt'])
    expect(await types('ordering=-prompt_type')).toEqual(['negative_prompt', 'ideas'])
    expect(await types('ordering=created_at')).toEqual(['negative_prompt', 'ideas'])
  })

  it("is an admin's to write and everyone's to read", async () => {
    const { body } = await save(owner, { prompt_type: 'clustering' })
    const [admin, editor] = [await addUser(owner, 'admin'), await addUser(owner, 'editor')]
    const path = `system/prompts/${body.id}/`
    expect((await editor.get(path)).status).toBe(200)
    expect((await editor.call('PATCH', path, { is_active: false })).status).toBe(403)
    expect((await admin.call('PATCH', path, { is_active: false })).status).toBe(200)
  })
})

describe('placeholders', () => {
  it('that are not known are refused when a prompt is saved, with the list of those that are', async () => {
    const client = await service.owner()
    const prompt = { prompt_type: 'ideas', prompt_value: 'For {cluster} in {town} by {name}.' }
    const refused = await client.post<Problem>('system/prompts/', prompt)
    expect([refused.status, refused.body.code]).toEqual([400, 'validation_failed'])
    expect(refused.body.errors).toEqual([
      {
        path: 'prompt_value',
        message:
          'has the unknown placeholders {town}, {name}. Known are {cluster}, {keywords}, ' +
          '{existing_titles}, {count}, {author_profile}, {section_logic}; for a name in braces as text, double them',
      },
    ])
    const { body } = await save(client, { prompt_type: 'ideas' })
    const changed = await client.call('PATCH', `system/prompts/${body.id}/`, prompt)
    expect(changed.status).toBe(400)
    const value = { prompt_value: '{town}' }
    const updated = await client.call('PATCH', `system/prompts/${body.id}/`, value)
    expect(updated.status).toBe(400)
  })

  it('ignores the braces of JSON and doubled braces', async () => {
    const task = await newTask(owner, place, { title: 'Grinders' })
    const prompt_value = 'As {"a": {"b": ["x"]}}, {{title}} and {not this}: {title}'
    const rendered = await dryRun({
      prompt_type: 'content_generation',
      prompt_value,
      task_id: task.id,
    })
    expect(rendered.status).toBe(200)
    expect(rendered.body.rendered).toMatch(
      /^As \{"a": \{"b": \["x"\]\}\}, \{title\} and \{not this\}: <title>\n"Grinders"\n<\/title>/,
    )
  })

  it('are required where a prompt says nothing without them, and none are known to a negative one', async () => {
    const client = await service.owner()
    const template = { prompt_type: 'image_prompt_template', prompt_value: 'A photo. {title}' }
    const refused = await client.post<Problem>('system/prompts/', template)
    expect(refused.body.errors).toMatchObject([{ message: 'must contain {prompt}' }])
    const negative = { prompt_type: 'negative_prompt', prompt_value: 'no {title}' }
    const none = await client.post<Problem>('system/prompts/', negative)
    expect(none.body.errors[0]!.message).toContain('This prompt takes none')
  })

  it('are described with each default, which has all of them that it must', async () => {
    type Described = {
      prompt_type: string
      default_prompt: string
      placeholders: { name: string }[]
    }
    const { body } = await owner.get<{ prompts: Described[] }>('system/prompts/defaults/')
    expect(body.prompts.map(({ prompt_type }) => prompt_type)).toEqual(Object.keys(DEFAULT_PROMPTS))
    const client = await service.owner()
    for (const { prompt_type, default_prompt } of body.prompts) {
      const saved = await save(client, { prompt_type, prompt_value: default_prompt })
      expect(saved.status, prompt_type).toBe(201)
    }
  })
})

describe('a dry run', () => {
  it('renders each prompt with what the account has', async () => {
    const client = await service.owner()
    const here = await newPlace(client)
    const run = async (body: object) =>
      (await client.post<Rendered>('system/prompts/dry_run/', body)).body
    const [moka, drip] = await addKeywords(service, client, here, ['moka pot', 'drip filter'])
    const cluster_id = await addCluster(service, client, here, 'Moka pots')
    await client.call('PATCH', `planner/keywords/${moka}/`, { cluster_id })
    const task = await newDraft(client, here, {
      title: 'Moka at home',
      keyword_objects: [moka, drip],
    })

    const clustering = await run({ prompt_type: 'clustering', sector_id: here.sector_id })
    expect(clustering.source).toBe('default')
    expect(dataIn(clustering.rendered, 'keywords')).toEqual([[1, 'drip filter']])
    expect(dataIn(clustering.rendered, 'existing_clusters')).toEqual([
      { name: 'Moka pots', sample_keywords: ['moka pot'] },
    ])

    const ideas = await run({ prompt_type: 'ideas', cluster_id, count: 7 })
    expect(ideas.rendered).toContain('exactly 7 articles')
    expect(dataIn(ideas.rendered, 'keywords')).toEqual(['moka pot'])

    const content = await run({ prompt_type: 'content_generation', task_id: task.id })
    expect(dataIn(content.rendered, 'keywords')).toEqual(['moka pot', 'drip filter'])
    expect(content.rendered).toContain('about 1200 words')

    const extraction = await run({ prompt_type: 'image_prompt_extraction', task_id: task.id })
    expect(dataIn(extraction.rendered, 'html_content')).toContain('<h2>Water</h2>')

    await save(client, { prompt_type: 'negative_prompt', prompt_value: 'fog' })
    const image = await run({ prompt_type: 'image_prompt_template', task_id: task.id })
    expect(image.rendered).toMatch(/^Moka at home\n.*Must not appear: fog\./s)
    const negative = await run({ prompt_type: 'negative_prompt' })
    expect(negative).toMatchObject({ source: 'account', rendered: 'fog' })
  })

  it('changes nothing and calls nobody', async () => {
    const task = await newTask(owner, place)
    const rows = () => service.sql`select (select count(*) from runs) as runs,
      (select count(*) from audit_log) as audit, (select max(updated_at) from tasks) as tasks`
    const before = await rows()
    await dryRun({ prompt_type: 'content_generation', task_id: task.id })
    expect(await rows()).toEqual(before)
  })

  it('says what it needs, and does not see what the caller does not', async () => {
    const without = await dryRun({ prompt_type: 'ideas' })
    expect([without.status, without.body.errors]).toMatchObject([400, [{ path: 'cluster_id' }]])
    const unknown = { prompt_type: 'negative_prompt', prompt_value: '{x}' }
    expect((await dryRun(unknown)).status).toBe(400)
    const stranger = await service.owner()
    const theirs = await newTask(stranger, await newPlace(stranger))
    const other = await dryRun({ prompt_type: 'content_generation', task_id: theirs.id })
    expect(other.status).toBe(404)
    const editor = await addUser(stranger, 'editor')
    const body = { prompt_type: 'content_generation', task_id: theirs.id }
    expect((await editor.post('system/prompts/dry_run/', body)).status).toBe(404)
  })
})
