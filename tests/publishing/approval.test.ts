import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXTRA_FIELDS, POST_FIELDS } from '../../wp-bridge/client/publish/receipt.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

type Task = { approved_at: string | null; approved_by: string | null; updated_at: string }

let service: TestService
let owner: Client
let place: { site_id: number; sector_id: number }
let cluster: number
let keyword: number
beforeAll(async () => {
  // Nothing is sent: what is asked for waits in the database.
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
  const site_id = (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body.id
  await service.sql`update sites set wp_url = 'https://blog.example', requires_approval = true where id = ${site_id}`
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id, name: 'Tea' })
  place = { site_id, sector_id: sector.body.id }
})
afterAll(() => service?.stop())

const created = async (path: string, body: object) => {
  const answer = await owner.post<{ id: number }>(path, { ...place, ...body })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body.id
}
const taskOf = async (id: number) => {
  const { body, headers } = await owner.get<Task>(`writer/tasks/${id}/`)
  return { ...body, tag: headers.get('etag')! }
}
const approve = (ids: number[], ifMatch?: string) =>
  owner.call(
    'POST',
    'writer/tasks/approve/',
    { ids },
    ifMatch === undefined ? {} : { 'if-match': ifMatch },
  )
const patch = (path: string, change: object) => owner.call('PATCH', path, change)

/** An approved article with a cluster, a keyword and an image. */
async function approved(title: string): Promise<number> {
  cluster = await created('planner/clusters/', { name: `Cluster of ${title}` })
  keyword = await created('planner/keywords/', { keyword: `keyword of ${title}` })
  const id = await created('writer/tasks/', {
    title,
    cluster_id: cluster,
    keyword_objects: [keyword],
    html_content: '<p>About tea.</p>',
    status: 'draft',
  })
  await service.sql`insert into images ${service.sql({
    account_id: owner.accountId,
    ...place,
    task_id: id,
    image_type: 'featured',
    image_path: 'ab/ab.webp',
    prompt: 'tea',
    alt_text: 'A cup of tea',
    width: 1,
    height: 1,
    content_hash: 'ab',
    provider: 'local',
  })}`
  expect((await approve([id])).body).toEqual({ approved: 1 })
  expect((await taskOf(id)).approved_by).toBe(owner.email)
  return id
}

type Change = (id: number) => Promise<unknown>
const task =
  (change: object): Change =>
  (id) =>
    patch(`writer/tasks/${id}/`, change)
const row =
  (table: string, change: object): Change =>
  (id) =>
    service.sql`update ${service.sql(table)} set ${service.sql(change as never)} where task_id = ${id}`
const inConflict: Change = async (id) => {
  const clashes = [{ field: 'content', base: null, ours: 'a', theirs: 'b' }]
  const conflict = { conflict_id: 'x', clashes, wanted: { status: 'publish' } }
  await service.sql`update tasks set conflict = ${service.sql.json(conflict)} where id = ${id}`
}
const resolve =
  (choice: unknown): Change =>
  async (id) => {
    await inConflict(id)
    const choices = { conflict_id: 'x', choices: [choice] }
    const path = `writer/tasks/${id}/resolve_conflict/`
    expect((await owner.post(path, choices)).status).toBe(202)
  }
const acceptLink: Change = async (id) => {
  const other = await created('writer/tasks/', { title: 'The hub', html_content: '<p>x</p>' })
  await service.sql`update tasks set wp_status = 'publish', status = 'published',
    post_url = 'https://blog.example/' || id, public_title = title where id in (${id}, ${other})`
  const [link] = await service.sql`insert into internal_links ${service.sql({
    account_id: owner.accountId,
    ...place,
    from_task_id: id,
    to_task_id: other,
  })} returning id`
  const ids = [Number(link!.id)]
  expect((await owner.post('writer/internal_links/accept/', { ids })).status).toBe(202)
}

/** By the field of the post that it changes; what is asked for with a publication is no part of the article. */
const CHANGES: Record<
  Exclude<(typeof POST_FIELDS)[number], 'status' | 'date_gmt'> | (typeof EXTRA_FIELDS)[number],
  Record<string, Change>
> = {
  title: { 'the title': task({ title: 'Other' }) },
  content: {
    'the text': task({ html_content: '<p>Other.</p>' }),
    'another text for a conflict': resolve({ text: 'c' }),
    'a link that is accepted': acceptLink,
    'where an image stands': row('images', { position: 1 }),
  },
  excerpt: { 'the excerpt': task({ excerpt: 'Other' }) },
  slug: { 'the slug': task({ slug: 'other' }) },
  featured_media: {
    'an image': row('images', { content_hash: 'cd', image_path: 'cd/cd.webp' }),
    'its alternative text': row('images', { alt_text: 'Other' }),
    'an image that is gone': (id) => service.sql`delete from images where task_id = ${id}`,
  },
  categories: {
    'the cluster': async (id) =>
      task({ cluster_id: await created('planner/clusters/', { name: `Other than of ${id}` }) })(id),
    'no cluster': task({ cluster_id: null }),
    'the cluster’s name': (id) => patch(`planner/clusters/${cluster}/`, { name: `Other ${id}` }),
    'a cluster that is gone': () => owner.call('DELETE', `planner/clusters/${cluster}/`),
  },
  tags: {
    'the keywords': task({ keywords: '' }),
    'a keyword’s name': (id) => patch(`planner/keywords/${keyword}/`, { keyword: `other ${id}` }),
    'a keyword that is gone': () => owner.call('DELETE', `planner/keywords/${keyword}/`),
  },
  seo_title: { 'the SEO title': task({ meta_title: 'Other' }) },
  seo_description: { 'the SEO description': task({ meta_description: 'Other' }) },
  schema: { 'the questions': task({ html_content: '<h2>Is it tea?</h2><p>Yes.</p>' }) },
}

it('knows of every field that reaches WordPress what changes it', () => {
  const fields = [...POST_FIELDS, ...EXTRA_FIELDS].filter(
    (field) => field !== 'status' && field !== 'date_gmt',
  )
  expect(Object.keys(CHANGES).sort()).toEqual([...fields].sort())
})

describe.each(Object.entries(CHANGES))(
  'an approval ends with a change of %s',
  (_field, changes) => {
    it.each(Object.entries(changes))('by %s, and its entity tag with it', async (name, change) => {
      const id = await approved(`Changed by ${name}`)
      const { tag } = await taskOf(id)
      await change(id)
      const after = await taskOf(id)
      expect(after).toMatchObject({ approved_at: null, approved_by: null })
      expect(after.tag).not.toBe(tag)
      const stale = await approve([id], tag)
      expect([stale.status, stale.body.code]).toEqual([412, 'precondition_failed'])
      expect((await taskOf(id)).approved_at).toBe(null)
      expect((await approve([id], after.tag)).status).toBe(200)
    })
  },
)

describe('an approval', () => {
  it.each<[string, Change]>([
    ['a description', task({ description: 'no part of it' })],
    ['the same keywords', (id) => patch(`writer/tasks/${id}/`, { keyword_objects: [keyword] })],
    ['a side chosen in a conflict', resolve('ours')],
    ['a keyword’s volume', () => patch(`planner/keywords/${keyword}/`, { volume: 7 })],
    ['a cluster’s description', () => patch(`planner/clusters/${cluster}/`, { description: 'x' })],
  ])('stays with %s', async (name, change) => {
    const id = await approved(`Kept with ${name}`)
    await change(id)
    expect((await taskOf(id)).approved_by).toBe(owner.email)
  })

  it('is of several tasks by the tags of all, or of none', async () => {
    const ids = [await approved('One of two'), await approved('Other of two')]
    const tags = await Promise.all(ids.map(async (id) => (await taskOf(id)).tag))
    expect((await approve(ids, tags.join(', '))).status).toBe(200)
    await task({ title: 'Changed' })(ids[1]!)
    expect((await approve(ids, tags.join(', '))).status).toBe(412)
    expect((await approve(ids, '*')).status).toBe(200)
  })

  it('shows what was decided in a conflict, which waits for it', async () => {
    const id = await approved('Decided')
    await resolve({ text: 'What nobody has approved' })(id)
    const { body } = await owner.get<{ decided: unknown }>(`writer/tasks/${id}/conflict/`)
    expect(body.decided).toEqual([{ text: 'What nobody has approved' }])
    expect((await taskOf(id)).approved_at).toBe(null)
  })

  it('takes turns with a change at the same moment: what is approved was read', async () => {
    const id = await approved('Raced')
    for (let n = 0; n < 20; n++) {
      const { tag } = await taskOf(id)
      const title = `Raced ${n}`
      const [answer] = await Promise.all([approve([id], tag), task({ title })(id)])
      const after = await taskOf(id)
      // The change came first and the approval was refused, or it took the approval back.
      expect([200, 412]).toContain(answer.status)
      expect(after).toMatchObject({ title, approved_at: null })
    }
  })
})

it('approves sixty articles by their tags', async () => {
  const ids: number[] = []
  for (let n = 0; n < 60; n++) {
    ids.push(await created('writer/tasks/', { title: `Many ${n}`, html_content: '<p>x</p>' }))
  }
  const tags = await Promise.all(ids.map(async (id) => (await taskOf(id)).tag))
  expect((await approve(ids, tags.join(', '))).body).toEqual({ approved: 60 })
})
