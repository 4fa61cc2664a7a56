import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../architecture/code-files.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
let owner: Client
let folder: string

beforeAll(async () => {
  service = await startTestService()
  owner = await service.owner()
  folder = mkdtempSync(path.join(tmpdir(), 'igny8-client-'))
  unpack()
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await service.stop()
})

/** The package as `npm install` of its tarball lays it out, with what the client needs beside it. */
function unpack(): void {
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--silent', '--pack-destination', folder], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  )
  const modules = path.join(folder, 'node_modules')
  mkdirSync(path.join(modules, 'igny8'), { recursive: true })
  execFileSync('tar', [
    '-xzf',
    path.join(folder, filename),
    '--strip-components=1',
    '-C',
    path.join(modules, 'igny8'),
  ])
  for (const name of ['openapi-fetch', 'openapi-typescript-helpers', '@types']) {
    symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name))
  }
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
}

function run(code: string, token = owner.token) {
  const file = path.join(folder, 'example.js')
  writeFileSync(file, code)
  const env = { ...process.env, IGNY8_URL: service.url, IGNY8_API_KEY: token }
  return new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [file], { env, cwd: folder }, (error, stdout, stderr) =>
      error ? reject(new Error(stderr)) : resolve(stdout),
    )
  })
}

/** What the compiler says of TypeScript that uses the client, line by line. */
function complaints(code: string): string[] {
  const file = path.join(folder, 'typed.ts')
  writeFileSync(file, code)
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc')
  const options = [
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--types',
    'node',
  ]
  try {
    execFileSync(process.execPath, [tsc, file, ...options], { cwd: folder, encoding: 'utf8' })
    return []
  } catch (error) {
    return (error as { stdout: string }).stdout
      .split('\n')
      .filter((line) => line.includes('error TS'))
  }
}

const CONNECTED = `import { createClient } from 'igny8/client'
  const igny8 = createClient({ url: 'http://localhost', token: 'x' })\n`

describe('the client in the packed package', () => {
  it('runs the example of the README', async () => {
    const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8')
    const [, example] = /^```js\n(.*?)^```/ms.exec(readme)!
    const output = await run(example!)
    expect(output).toContain('Wrote “How to brew coffee”')
    const { body } = await owner.get<{ results: { title: string; status: string }[] }>(
      'writer/tasks/',
    )
    expect(body.results).toMatchObject([{ title: 'How to brew coffee', status: 'draft' }])
  })

  it('throws what the service refuses, with its code', async () => {
    const code = `import { createClient, Igny8Error } from 'igny8/client'
      const igny8 = createClient({ url: process.env.IGNY8_URL, token: process.env.IGNY8_API_KEY })
      await igny8.GET('/api/v1/writer/tasks/{id}/', { params: { path: { id: 999999 } } }).catch((error) => {
        console.log(error instanceof Igny8Error, error.code, error.status)
      })`
    expect(await run(code)).toBe('true not_found 404\n')
    expect(await run(code, 'nonsense')).toBe('true token_invalid 401\n')
  })

  it('knows paths, bodies and answers by their types', () => {
    expect(
      complaints(`${CONNECTED}
      const { data } = await igny8.GET('/api/v1/planner/keywords/', { params: { query: { status: 'active', page: 2 } } })
      const words: string[] = data!.results.map(({ keyword }) => keyword)
      const { data: task } = await igny8.POST('/api/v1/writer/tasks/', { body: { site_id: 1, sector_id: 2, title: words[0]! } })
      const status: 'queued' | 'in_progress' | 'draft' | 'review' | 'published' | 'completed' = task!.status
      console.log(status)`),
    ).toEqual([])
  })

  it.each([
    [`await igny8.GET('/api/v1/nonsense/')`, 'a path'],
    [
      `await igny8.POST('/api/v1/writer/tasks/', { body: { site_id: 1, sector_id: 2 } })`,
      'a field that is missing',
    ],
    [
      `await igny8.POST('/api/v1/writer/tasks/', { body: { site_id: 'x', sector_id: 2, title: 'y' } })`,
      'a wrong type',
    ],
    [
      `await igny8.GET('/api/v1/writer/tasks/', { params: { query: { status: 'nonsense' } } })`,
      'a filter',
    ],
    [
      `const { data } = await igny8.GET('/api/v1/auth/me/'); console.log(data!.nonsense)`,
      'a field of an answer',
    ],
  ])('is told by the compiler what is wrong: %s', (code) => {
    expect(complaints(CONNECTED + code)).toHaveLength(1)
  })
})
