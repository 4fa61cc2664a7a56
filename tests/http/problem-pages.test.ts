import { afterAll, beforeAll, expect, it } from 'vitest'
import { ERROR_STATUS } from '../../server/errors.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
})
afterAll(() => service.stop())

async function read(path: string): Promise<{ response: Response; text: string }> {
  const response = await fetch(new URL(path, service.url))
  return { response, text: await response.text() }
}

it('explains every error code on a page of its own, which the index links to', async () => {
  const index = await read('/docs/problems')
  expect(index.response.status).toBe(200)
  for (const [code, status] of Object.entries(ERROR_STATUS)) {
    expect(index.text).toContain(`href="/docs/problems/${code}"`)
    const { response, text } = await read(`/docs/problems/${code}`)
    expect(response.status, code).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
    for (const part of [code, String(status), 'Cause', 'What to do']) expect(text).toContain(part)
  }
})

it('links each error to the page of its code', async () => {
  const { response, text } = await read('/api/v1/auth/me/')
  expect(response.status).toBe(401)
  const problem = JSON.parse(text) as { type: string; title: string }
  const page = await read(problem.type)
  expect(page.response.status).toBe(200)
  expect(page.text).toContain(`<h1>${problem.title}</h1>`)
})

it('answers 404 for an unknown code', async () => {
  for (const code of ['no_such_code', 'toString', '%3Cscript%3E']) {
    const { response, text } = await read(`/docs/problems/${code}`)
    expect(response.status, code).toBe(404)
    expect(text).not.toContain('<script')
  }
})
