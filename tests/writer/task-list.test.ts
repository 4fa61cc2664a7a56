import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { addCluster, newDraft, newPlace, newTask, type Place, type Task } from './place.ts'

type List = { count: number; next: string | null; results: Task[] }

let service: TestService
let owner: Client

beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
})
afterAll(() => service?.stop())

describe('the list of tasks', () => {
  let listed: Place
  let cluster_id: number

  beforeAll(async () => {
    listed = await newPlace(owner, 'Listed')
    cluster_id = await addCluster(service, owner, listed, 'C')
    await newTask(owner, listed, { title: 'Beta 50%', keywords: 'grinder', cluster_id })
    await newDraft(owner, listed, { title: 'Alpha', content_type: 'guide' })
    await newTask(owner, listed, { title: 'Gamma', content_structure: 'pillar_page' })
  })

  const titles = async (query: string) => {
    const answer = await owner.get<List>(`writer/tasks/?site_id=${listed.site_id}&${query}`)
    expect(answer.status).toBe(200)
    return answer.body.results.map(({ title }) => title)
  }

  it('searches title and keywords, literally', async () => {
    expect(await titles('search=ALPH')).toEqual(['Alpha'])
    expect(await titles('search=grind')).toEqual(['Beta 50%'])
    expect(await titles('search=%25')).toEqual(['Beta 50%'])
  })

  it('filters', async () => {
    expect(await titles('status=draft')).toEqual(['Alpha'])
    expect(await titles(`cluster_id=${cluster_id}`)).toEqual(['Beta 50%'])
    expect(await titles('content_type=guide')).toEqual(['Alpha'])
    expect(await titles('content_structure=pillar_page')).toEqual(['Gamma'])
    expect(await titles('sector_id=999999')).toEqual([])
    expect(await titles('idea_id=999999')).toEqual([])
  })

  it('orders', async () => {
    expect(await titles('ordering=title')).toEqual(['Alpha', 'Beta 50%', 'Gamma'])
    expect(await titles('ordering=-created_at')).toEqual(['Gamma', 'Alpha', 'Beta 50%'])
    expect((await titles('ordering=-word_count'))[0]).toBe('Alpha')
    expect((await titles('ordering=status'))[0]).toBe('Alpha')
  })

  it('walks by cursor in any ordering without missing or repeating one', async () => {
    for (const ordering of ['title', '-created_at', '-word_count', 'status']) {
      const seen: string[] = []
      let next: string | null =
        `/api/v1/writer/tasks/?site_id=${listed.site_id}&ordering=${ordering}&page_size=1&cursor=`
      while (next) {
        const answer: { body: List } = await owner.get<List>(next.replace('/api/v1/', ''))
        seen.push(...answer.body.results.map(({ title }) => title))
        next = answer.body.next
      }
      expect(seen.toSorted()).toEqual(['Alpha', 'Beta 50%', 'Gamma'])
    }
  })

  it('leaves articles out', async () => {
    const answer = await owner.get<List>(`writer/tasks/?site_id=${listed.site_id}&status=draft`)
    expect(answer.body.results[0]).not.toHaveProperty('html_content')
    expect(answer.body.results[0]).toHaveProperty('keyword_objects')
  })

  it('refuses a filter or an ordering that it does not know', async () => {
    expect((await owner.get('writer/tasks/?colour=red')).status).toBe(400)
    expect((await owner.get('writer/tasks/?ordering=slug')).status).toBe(400)
    expect((await owner.get('writer/images/?ordering=prompt')).status).toBe(400)
    expect((await owner.get('writer/content/?status=draft')).status).toBe(400)
  })
})
