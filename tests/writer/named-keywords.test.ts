import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
let owner: Client
let place: { site_id: number; sector_id: number }
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  const site_id = (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body.id
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id, name: 'Sweets' })
  place = { site_id, sector_id: sector.body.id }
})
afterAll(() => service.stop())

/** The sector's keywords come by an import, by hand, and named by a task and an idea. */
it('links a task and an idea to the same keywords, as the planner and an import spell them', async () => {
  const form = new FormData()
  form.set('site_id', String(place.site_id))
  form.set('sector_id', String(place.sector_id))
  form.set('file', new Blob(['keyword\n  Cre\u0300me   BRÛLÉE \n']), 'keywords.csv')
  expect((await owner.post('planner/keywords/import_csv/', form)).body).toMatchObject({
    imported: 1,
  })
  await owner.post('planner/keywords/', { ...place, keyword: 'E\u0301clair shop' })
  const list = 'CRÈME\u00a0brûlée,  éclair \t SHOP , e\u0301clair shop, unknown'
  const task = await owner.post<Linked>('writer/tasks/', { ...place, title: 'x', keywords: list })
  const idea = await owner.post<Linked>('planner/ideas/', {
    ...place,
    idea_title: 'x',
    target_keywords: list,
  })
  const { results } = (await owner.get<{ results: { id: number }[] }>('planner/keywords/')).body
  const all = results.map(({ id }) => id).sort((a, b) => a - b)
  expect(all).toHaveLength(2)
  expect(task.body.keyword_objects).toEqual(all)
  expect(idea.body.keyword_objects).toEqual(all)
  expect(task.body.keywords).toBe('CRÈME brûlée, éclair SHOP, éclair shop, unknown')
  expect(idea.body.target_keywords).toBe(task.body.keywords)
})
type Linked = { keyword_objects: number[]; keywords: string; target_keywords: string }
