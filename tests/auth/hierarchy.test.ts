import type { ISql } from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

type Row = { id: number; name: string; slug: string }
type List<T = Row> = { count: number; next: string | null; previous: string | null; results: T[] }

let service: TestService
let owner: Client
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
})
afterAll(() => service.stop())

const createSite = async (name: string) => (await owner.post<Row>('auth/sites/', { name })).body

describe('sites', () => {
  it('can be created with a unique slug, changed and deleted', async () => {
    const first = await createSite('My Blog')
    const second = await createSite('My Blog')
    expect([first.slug, second.slug]).toEqual(['my-blog', 'my-blog-2'])
    const changed = await owner.call('PATCH', `auth/sites/${second.id}/`, {
      domain: 'https://example.com',
    })
    expect(changed.body).toMatchObject({ domain: 'https://example.com', active_sectors_count: 0 })
    const taken = await owner.call('PUT', `auth/sites/${second.id}/`, { slug: 'my-blog' })
    expect(taken.status).toBe(409)
    expect((await owner.call('DELETE', `auth/sites/${second.id}/`)).status).toBe(204)
    expect((await owner.get(`auth/sites/${second.id}/`)).status).toBe(404)
  })

  it('never show the WordPress password', async () => {
    const site = await createSite('Secretive')
    await service.sql`update sites set wp_app_password = 'sealed' where id = ${site.id}`
    const { body } = await owner.get(`auth/sites/${site.id}/`)
    expect(JSON.stringify(body)).not.toContain('sealed')
    expect(body).not.toHaveProperty('wp_app_password')
  })

  it('are visible to editors and viewers only with a grant', async () => {
    const site = await createSite('Granted')
    const editor = await addUser(owner, 'editor')
    expect((await editor.get(`auth/sites/${site.id}/`)).status).toBe(404)
    const grant = await owner.post<{ id: number }>(`auth/sites/${site.id}/access/`, {
      user_id: editor.userId,
    })
    expect(grant.status).toBe(201)
    expect((await editor.get(`auth/sites/${site.id}/`)).status).toBe(200)
    expect((await editor.get<List>('auth/sites/')).body.count).toBe(1)
    await owner.call('DELETE', `auth/sites/${site.id}/access/${grant.body.id}/`)
    expect((await editor.get(`auth/sites/${site.id}/`)).status).toBe(404)
  })

  it('can be granted only to users of the same account', async () => {
    const site = await createSite('Mine')
    const other = await service.owner()
    const answer = await owner.post(`auth/sites/${site.id}/access/`, { user_id: other.userId })
    expect(answer.status).toBe(400)
    expect(
      (await other.post(`auth/sites/${site.id}/access/`, { user_id: other.userId })).status,
    ).toBe(404)
  })
})

describe('sectors', () => {
  it('come from an industry or are named freely', async () => {
    const site = await createSite('Sectors')
    const industries = await owner.get<List<{ sectors: Row[] }>>('auth/industries/')
    expect(industries.body.results.every(({ sectors }) => sectors.length >= 3)).toBe(true)
    const template = industries.body.results[0]!.sectors[0]!
    const chosen = await owner.post<Row>('auth/sectors/', {
      site_id: site.id,
      industry_sector_id: template.id,
    })
    expect(chosen.body.name).toBe(template.name)
    const free = await owner.post<Row>('auth/sectors/', { site_id: site.id, name: 'Odds & Ends' })
    expect(free.body.slug).toBe('odds-ends')
    const read = await owner.get(`auth/sites/${site.id}/`)
    expect(read.body.active_sectors_count).toBe(2)
    const neither = await owner.post('auth/sectors/', { site_id: site.id })
    expect(neither.status).toBe(400)
  })

  it('are limited to five active ones per site, also for ten concurrent requests', async () => {
    const site = await createSite('Crowded')
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        owner.post<Row>('auth/sectors/', { site_id: site.id, name: `Sector ${n}` }),
      ),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(5)
    const inactive = await owner.post<Row>('auth/sectors/', {
      site_id: site.id,
      name: 'Sixth',
      is_active: false,
    })
    expect(inactive.status).toBe(201)
    const activated = await owner.call('PATCH', `auth/sectors/${inactive.body.id}/`, {
      is_active: true,
    })
    expect(activated.status).toBe(409)
  })

  it('are limited to five also for concurrent writes that bypass the API', async () => {
    const site = await createSite('Guarded')
    const add = (slug: string) => service.sql`
      insert into sectors (account_id, site_id, name, slug)
      values (${owner.accountId}, ${site.id}, ${slug}, ${slug})`
    const added = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => add(`s-${n}`)))
    const refused = added.filter((one) => one.status === 'rejected')
    expect(refused).toHaveLength(7)
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'IG409' })
    const atOnce = service.sql`insert into sectors (account_id, site_id, name, slug)
      select ${owner.accountId}, ${(await createSite('At once')).id}, n, n
      from generate_series(1, 6) as series (n)`
    await expect(atOnce).rejects.toMatchObject({ code: 'IG409' })
  })
})

it('lets the sixth active sector wait for the fifth, and refuses it', async () => {
  const site = await createSite('Fifth and sixth')
  const { sql } = service
  const insert = (by: ISql, slugs: string[]) => by`
    insert into sectors (account_id, site_id, name, slug)
    select ${owner.accountId}, ${site.id}, slug, slug from unnest(${slugs}::text[]) as slug`
  await insert(sql, ['a', 'b', 'c', 'd'])
  let settled = false
  let sixth: Promise<unknown> = Promise.resolve()
  await sql.begin(async (tx) => {
    await insert(tx, ['e'])
    sixth = insert(sql, ['f']).then(
      () => 'added',
      (error: { code: string }) => error.code,
    )
    sixth.then(() => {
      settled = true
    })
    const isWaiting = async () => {
      const [row] = await tx`select exists (select from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock') as waits`
      return row!.waits
    }
    const what = 'the wait of the sixth sector for the fifth'
    await until(async () => settled || (await isWaiting()), { what })
  })
  expect(await sixth).toBe('IG409')
})

describe('status and is_active', () => {
  it.each(['sites', 'sectors'])('of %s stay consistent', async (kind) => {
    const site = await createSite(`In step: ${kind}`)
    const sector = await owner.post<Row>('auth/sectors/', { site_id: site.id, name: 'One' })
    const path = `auth/${kind}/${kind === 'sites' ? site.id : sector.body.id}/`
    const become = async (body: object) => {
      const answer = await owner.call<{ status: string; is_active: boolean }>('PATCH', path, body)
      return [answer.status, answer.body.status, answer.body.is_active]
    }
    expect(await become({ is_active: false })).toEqual([200, 'inactive', false])
    expect(await become({ name: 'Other' })).toEqual([200, 'inactive', false])
    expect(await become({ status: 'active' })).toEqual([200, 'active', true])
    expect(await become({ status: 'inactive', is_active: false })).toEqual([200, 'inactive', false])
    expect(await become({ is_active: true })).toEqual([200, 'active', true])
    const contradiction = { status: 'active', is_active: false }
    const [refused] = await become(contradiction)
    expect(refused).toBe(400)
  })

  it('shows a suspended site as inactive', async () => {
    const site = await createSite('Halted')
    const path = `auth/sites/${site.id}/`
    const halted = await owner.call('PATCH', path, { status: 'suspended' })
    expect(halted.body).toMatchObject({ status: 'suspended', is_active: false })
    const still = await owner.call('PATCH', path, { is_active: false })
    expect(still.body).toMatchObject({ status: 'suspended', is_active: false })
    const created = await owner.post('auth/sites/', { name: 'Born so', is_active: false })
    expect(created.body).toMatchObject({ status: 'inactive', is_active: false })
  })
})

describe('lists', () => {
  it('support pages, cursors, search and ordering, and refuse unknown parameters', async () => {
    const client = await service.owner()
    for (let n = 0; n < 7; n++) await client.post('auth/sites/', { name: `Site ${n} 100%` })
    const first = await client.get<List>('auth/sites/?page_size=3&ordering=name')
    expect(first.body).toMatchObject({ count: 7, previous: null })
    expect(first.body.results.map(({ name }) => name[5])).toEqual(['0', '1', '2'])
    expect(first.body.next).toContain('page=2')
    const walked: string[] = []
    for (
      let next: string | null = '/api/v1/auth/sites/?page_size=2&cursor=&ordering=-name';
      next;
    ) {
      const page: { body: List } = await client.get<List>(next.replace('/api/v1/', ''))
      walked.push(...page.body.results.map(({ name }) => name[5]!))
      next = page.body.next
    }
    expect(walked.join('')).toBe('6543210')
    const byTime = await client.get<List>('auth/sites/?cursor=&page_size=4')
    const rest = await client.get<List>(byTime.body.next!.replace('/api/v1/', ''))
    expect(byTime.body.results.length + rest.body.results.length).toBe(7)
    expect((await client.get<List>('auth/sites/?search=3%20100%25')).body.count).toBe(1)
    expect((await client.get<List>('auth/sites/?search=%25%25')).body.count).toBe(0)
    for (const query of [
      'colour=red',
      'ordering=slug',
      'page=0',
      'page_size=201',
      'cursor=x',
      'page=x',
    ]) {
      expect((await client.get(`auth/sites/?${query}`)).status, query).toBe(400)
    }
  })

  it('answer with and without the trailing slash', async () => {
    for (const path of ['auth/sites', 'auth/sites/', 'auth/plans', 'auth/me']) {
      expect((await owner.get(path)).status, path).toBe(200)
    }
  })
})

describe('platform staff', () => {
  it('can act in an account that they name, with an audit entry; others cannot', async () => {
    const developer = await addUser(owner, 'admin')
    await service.sql`update users set role = 'developer' where id = ${developer.userId}`
    const staff = await signIn(service.url, developer.email)
    const customer = await service.owner('Customer')
    const site = (await customer.post<Row>('auth/sites/', { name: 'Theirs' })).body
    const header = { 'x-account-id': String(customer.accountId) }
    expect((await staff.get(`auth/sites/${site.id}/`)).status).toBe(404)
    const seen = await staff.call('GET', `auth/sites/${site.id}/`, undefined, header)
    expect(seen.status).toBe(200)
    const entries = await service.sql`select user_id, detail from audit_log
      where account_id = ${customer.accountId} and action = 'platform.request'`
    expect(entries.map((entry) => ({ ...entry }))).toEqual([
      {
        user_id: String(staff.userId),
        detail: { path: `/api/v1/auth/sites/${site.id}/`, method: 'GET' },
      },
    ])
    const refused = await owner.call('GET', `auth/sites/${site.id}/`, undefined, header)
    expect(refused.status).toBe(404)
    for (const bad of ['0', 'x', '999999999', '1e3', '-1']) {
      const answer = await owner.call('GET', 'auth/sites/', undefined, { 'x-account-id': bad })
      expect(answer.status, bad).toBe(404)
    }
  })
})
