import { afterAll, beforeAll, expect, it } from 'vitest'
import { withPage } from '../helpers/chromium.ts'
import { request } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
})
afterAll(() => service.stop())

it('says at / what this is and where to go', async () => {
  const links = await withPage(`${service.url}/`, (page) =>
    page.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href'))),
  )
  expect(links).toEqual(['/docs', '/api/v1/openapi.json', '/healthz', '/readyz'])
  for (const link of links) {
    const response = await fetch(service.url + link)
    await response.arrayBuffer()
    expect(response.status, link!).toBe(200)
  }
})

it('renders the API at /docs from this machine alone', async () => {
  const { shown, elsewhere } = await withPage(`${service.url}/docs`, async (page) => {
    await page.locator('.opblock-summary-path').first().waitFor()
    const paths = await page.locator('.opblock-summary-path').allInnerTexts()
    const names = await page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name),
    )
    return { shown: paths, elsewhere: names.filter((name) => !name.startsWith(service.url)) }
  })
  expect(shown.length).toBeGreaterThan(50)
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
