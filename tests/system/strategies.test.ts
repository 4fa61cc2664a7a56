import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, addUser, type Client, type Json } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newPlace, type Place } from '../writer/place.ts'

type Row = Json & { id: number }
type List = { count: number; results: Row[] }
type Problem = { code: string; errors: { path: string; message: string }[] }

const PROFILES = 'system/author_profiles/'
const STRATEGIES = 'system/strategies/'

let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  place = await newPlace(owner)
})
afterAll(() => service?.stop())

const made = async (answer: Promise<Answer<Row>>): Promise<Row> => {
  const { status, body } = await answer
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}
const names = async (client: Client, path: string) =>
  (await client.get<List>(path)).body.results.map(({ name }) => name)

describe('an author profile', () => {
  it('is kept as it was sent, changed and deleted', async () => {
    const structure_template = { sections: [{ heading: 'Why', guidance: 'Be brief', words: 80 }] }
    const sent = { name: 'Ann', tone: 'dry', language: 'de', description: 'x', structure_template }
    const profile = await made(owner.post<Row>(PROFILES, sent))
    expect(profile).toMatchObject({ ...sent, is_default: false, is_active: true })
    const path = `${PROFILES}${profile.id}/`
    const changed = await owner.call('PUT', path, { language: 'French' })
    expect(changed.body).toMatchObject({ ...sent, language: 'French' })
    expect((await owner.get(path)).body).toEqual(changed.body)
    expect((await owner.call('DELETE', path)).status).toBe(204)
    expect((await owner.get(path)).status).toBe(404)
  })

  it('is the one default of its account, also when two are made it at once', async () => {
    const client = await service.owner()
    const first = await made(client.post<Row>(PROFILES, { name: 'A', is_default: true }))
    await made(client.post<Row>(PROFILES, { name: 'B', is_default: true }))
    expect((await client.get<Row>(`${PROFILES}${first.id}/`)).body.is_default).toBe(false)
    expect(await names(client, `${PROFILES}?is_default=true`)).toEqual(['B'])
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        client.post(PROFILES, { name: `C${n}`, is_default: true }),
      ),
    )
    for (const { status } of answers) expect([201, 409]).toContain(status)
    expect(await names(client, `${PROFILES}?is_default=true`)).toHaveLength(1)
  })

  it('can be searched, filtered and ordered', async () => {
    const client = await service.owner()
    await client.post(PROFILES, { name: 'Zoe', description: 'A barista' })
    await client.post(PROFILES, { name: 'Adam', is_active: false })
    expect(await names(client, PROFILES)).toEqual(['Adam', 'Zoe'])
    expect(await names(client, `${PROFILES}?ordering=-name`)).toEqual(['Zoe', 'Adam'])
    expect(await names(client, `${PROFILES}?ordering=created_at`)).toEqual(['Zoe', 'Adam'])
    expect(await names(client, `${PROFILES}?search=barista`)).toEqual(['Zoe'])
    expect(await names(client, `${PROFILES}?is_active=false`)).toEqual(['Adam'])
  })

  it('has a structure of bounded sections and nothing else', async () => {
    const section = { heading: 'Why' }
    const bad: [unknown, string][] = [
      [[], 'structure_template'],
      [{}, 'structure_template.sections'],
      [{ sections: [{}] }, 'structure_template.sections.0.heading'],
      [{ sections: [{ heading: ' ' }] }, 'structure_template.sections.0.heading'],
      [{ sections: [{ heading: 'x'.repeat(201) }] }, 'structure_template.sections.0.heading'],
      [{ sections: [{ ...section, words: 1 }] }, 'structure_template.sections.0.words'],
      [{ sections: [{ ...section, colour: 'red' }] }, 'structure_template.sections.0.colour'],
      [{ sections: Array(21).fill(section) }, 'structure_template.sections'],
      [{ sections: [], more: 1 }, 'structure_template.more'],
    ]
    for (const [structure_template, path] of bad) {
      const answer = await owner.post<Problem>(PROFILES, { name: 'A', structure_template })
      expect([answer.status, answer.body.errors], path).toMatchObject([400, [{ path }]])
    }
  })
})

describe('a strategy', () => {
  it('is kept as it was sent, changed and deleted with its sector', async () => {
    const profile = await made(owner.post<Row>(PROFILES, { name: 'Bea' }))
    const sent = {
      name: 'Recipes',
      sector_id: place.sector_id,
      author_profile_id: profile.id,
      prompt_types: { ideas: 'On {cluster}: {keywords}' },
      section_logic: { pillar_page: [{ heading: 'Basics' }], default: [{ heading: 'Answer' }] },
    }
    const strategy = await made(owner.post<Row>(STRATEGIES, sent))
    expect(strategy).toMatchObject({ ...sent, description: '', is_active: true })
    const path = `${STRATEGIES}${strategy.id}/`
    const changed = await owner.call('PATCH', path, { prompt_types: {}, description: 'x' })
    expect(changed.body).toMatchObject({ ...sent, prompt_types: {}, description: 'x' })
    await owner.call('DELETE', `${PROFILES}${profile.id}/`)
    expect((await owner.get(path)).body).toMatchObject({ author_profile_id: null })
    await service.sql`delete from sectors where id = ${place.sector_id}`
    expect((await owner.get(path)).status).toBe(404)
  })

  it('is the one active of its sector, and one of the account is active without a sector', async () => {
    const client = await service.owner()
    const { sector_id } = await newPlace(client)
    for (const of of [{ sector_id }, {}]) {
      const first = await made(client.post<Row>(STRATEGIES, { name: 'A', ...of }))
      const second = await client.post<Problem>(STRATEGIES, { name: 'B', ...of })
      expect([second.status, second.body]).toMatchObject([
        409,
        { code: 'already_exists', errors: [{ path: 'is_active' }] },
      ])
      const rest = await made(client.post<Row>(STRATEGIES, { name: 'B', ...of, is_active: false }))
      const activate = () => client.call('PATCH', `${STRATEGIES}${rest.id}/`, { is_active: true })
      expect((await activate()).status).toBe(409)
      await client.call('PATCH', `${STRATEGIES}${first.id}/`, { is_active: false })
      expect((await activate()).status).toBe(200)
    }
  })

  it('names a sector and a profile of the account alone, and known placeholders', async () => {
    const stranger = await service.owner()
    const { sector_id } = await newPlace(stranger)
    const author_profile_id = (await made(stranger.post<Row>(PROFILES, { name: 'Theirs' }))).id
    const bad: [object, string][] = [
      [{ sector_id }, 'sector_id'],
      [{ author_profile_id }, 'author_profile_id'],
      [{ prompt_types: { ideas: 'In {town}' } }, 'prompt_types.ideas'],
      [{ prompt_types: { poems: 'x' } }, 'prompt_types.poems'],
      [{ prompt_types: ['ideas'] }, 'prompt_types'],
      [{ prompt_types: { ideas: 'x'.repeat(20_001) } }, 'prompt_types.ideas'],
      [{ section_logic: { default: [] } }, 'section_logic.default'],
      [{ section_logic: { essay: [{ heading: 'x' }] } }, 'section_logic.essay'],
    ]
    for (const [fields, path] of bad) {
      const answer = await owner.post<Problem>(STRATEGIES, {
        name: 'A',
        is_active: false,
        ...fields,
      })
      expect([answer.status, answer.body.errors], path).toMatchObject([400, [{ path }]])
    }
  })

  it('can be searched, filtered and ordered, and is hidden with a site that was not granted', async () => {
    const client = await service.owner()
    const [here, there] = [await newPlace(client, 'Here'), await newPlace(client, 'There')]
    const profile = await made(client.post<Row>(PROFILES, { name: 'Cy' }))
    await client.post(STRATEGIES, { name: 'Wide', author_profile_id: profile.id })
    await client.post(STRATEGIES, { name: 'Here', sector_id: here.sector_id, description: 'moka' })
    const hidden = await made(
      client.post<Row>(STRATEGIES, { name: 'There', sector_id: there.sector_id }),
    )
    expect(await names(client, STRATEGIES)).toEqual(['Here', 'There', 'Wide'])
    expect(await names(client, `${STRATEGIES}?ordering=-name`)).toEqual(['Wide', 'There', 'Here'])
    expect(await names(client, `${STRATEGIES}?search=moka`)).toEqual(['Here'])
    expect(await names(client, `${STRATEGIES}?sector_id=${there.sector_id}`)).toEqual(['There'])
    expect(await names(client, `${STRATEGIES}?author_profile_id=${profile.id}`)).toEqual(['Wide'])
    expect(await names(client, `${STRATEGIES}?is_active=false`)).toEqual([])
    const viewer = await addUser(client, 'viewer', [here.site_id])
    expect(await names(viewer, STRATEGIES)).toEqual(['Here', 'Wide'])
    expect((await viewer.get(`${STRATEGIES}${hidden.id}/`)).status).toBe(404)
    const editor = await addUser(client, 'editor', [here.site_id])
    expect((await editor.post(STRATEGIES, { name: 'Mine' })).status).toBe(403)
  })
})
