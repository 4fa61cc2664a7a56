import { afterAll, beforeAll, expect, it } from 'vitest'
import { withPage } from '../helpers/chromium.ts'
import { addUser, PASSWORD, request, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
})
afterAll(() => service.stop())

it('describes igny8 at / with working links', async () => {
  const links = await withPage(`${service.url}/`, (page) =>
    page.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href'))),
  )
  const paths = ['/docs', '/api/v1/openapi.json', '/docs/problems', '/healthz', '/readyz']
  expect(links).toEqual(paths)
  for (const link of links) {
    const response = await fetch(service.url + link)
    await response.arrayBuffer()
    expect(response.status, link!).toBe(200)
  }
})

it('renders the API at /docs from this machine alone', async () => {
  const { shown, elsewhere } = await withPage(`${service.url}/docs`, async (page) => {
    await page.locator('.opblock-tag[data-tag="auth"]').click()
    await page.locator('.opblock-summary-path').nth(30).waitFor()
    const groups = page.locator('.opblock-tag')
    const tags = await groups.evaluateAll((all) => all.map((one) => one.getAttribute('data-tag')))
    const names = await page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name),
    )
    return { shown: tags, elsewhere: names.filter((name) => !name.startsWith(service.url)) }
  })
  expect(shown).toEqual(expect.arrayContaining(['auth', 'planner', 'writer', 'system', 'billing']))
  expect(elsewhere.filter((name) => !name.startsWith('data:'))).toEqual([])
})

it('describes times as date-time, nullable where they may be null', async () => {
  type Schemas = Record<string, { properties: Record<string, { type: unknown; format?: string }> }>
  const { body } = await request<{ openapi: string; components: { schemas: Schemas } }>(
    service.url,
    'GET',
    'openapi.json',
  )
  expect(body.openapi).toBe('3.1.0')
  const { created_at, wp_linked_at } = body.components.schemas.Site!.properties
  expect(created_at).toMatchObject({ type: 'string', format: 'date-time' })
  expect(wp_linked_at).toMatchObject({ type: ['string', 'null'], format: 'date-time' })
})

it('lets a person join with an invitation link', async () => {
  const owner = await service.owner('Our <b>company</b>')
  const email = 'joins@example.test'
  const { body } = await owner.post<{ url: string }>('auth/invitations/', { email, role: 'editor' })
  const [refused, joined, address] = await withPage(body.url, async (page) => {
    const said = page.getByRole('status')
    await page.getByLabel('password').fill('short')
    await page.evaluate(() => document.querySelector('form')!.setAttribute('novalidate', ''))
    await page.getByRole('button').click()
    await said.filter({ hasText: 'password:' }).waitFor()
    const first = await said.innerText()
    await page.getByLabel('password').fill(PASSWORD)
    await page.getByRole('button').click()
    await said.filter({ hasText: 'joined' }).waitFor()
    return [first, await said.innerText(), page.url()]
  })
  expect(refused).toContain('password:')
  expect(joined).toBe(`You have joined Our <b>company</b>. Sign in as ${email}.`)
  expect(address).toBe(`${service.url}/invitation`)
  expect((await signIn(service.url, email)).accountId).toBe(owner.accountId)
})

it('lets a person choose a new password with a link of an admin', async () => {
  const owner = await service.owner()
  const user = await addUser(owner, 'editor')
  const { body } = await owner.post<{ url: string }>(`auth/users/${user.userId}/password_link/`)
  const [said, fields] = await withPage(body.url, async (page) => {
    await page.getByLabel('password').fill('chosen in a browser')
    await page.getByRole('button').click()
    const status = page.getByRole('status')
    await status.filter({ hasText: 'changed' }).waitFor()
    return [await status.innerText(), await page.locator('input').count()]
  })
  expect([said, fields]).toEqual([`Your password was changed. Sign in as ${user.email}.`, 1])
  expect((await signIn(service.url, user.email, 'chosen in a browser')).userId).toBe(user.userId)
})
