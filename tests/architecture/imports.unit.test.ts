import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeFiles, importsOf, ROOT } from './code-files.ts'

/** Which top-level folder may import which: downwards only. */
const MAY_IMPORT: Record<string, string[]> = {
  db: ['db'],
  'wp-bridge': ['wp-bridge'],
  server: ['server', 'db', 'wp-bridge'],
  jobs: ['jobs', 'server', 'db', 'wp-bridge'],
}
/** The shared rooms of `server/`: each imports only what stands before it. */
const ROOMS = [
  'egress',
  'observability',
  'security',
  'http',
  'formats',
  'google',
  'media',
  'billing',
  'runs',
  'sites',
  'identity',
  'accounts',
  'tasks',
  'ai',
]
/** Each imports the shared rooms, and no other feature: what two need moves down into a room. */
const FEATURES = ['planner', 'writer', 'publishing', 'integrations', 'guidance', 'console', 'mcp']
/** Where everything is put together. */
const OTHERS = ['client']

const files = codeFiles(Object.keys(MAY_IMPORT))
const local = (file: string) =>
  importsOf(file)
    .filter((name) => name.startsWith('.'))
    .map((name) => path.relative(ROOT, path.resolve(path.dirname(path.join(ROOT, file)), name)))

/** What Workers serve of Node: AsyncLocalStorage, and streams for the archive of an account. */
const ON_WORKERS = new Set(['node:async_hooks', 'node:stream', 'node:stream/promises'])

describe('imports', () => {
  it('run down only: jobs → server → db and wp-bridge', () => {
    const upward = files.flatMap((file) =>
      local(file)
        .filter((target) => !MAY_IMPORT[top(file)]!.includes(top(target)))
        .filter((target) => !(file === 'server/main.ts' && top(target) === 'jobs'))
        .map((target) => `${file} imports ${target}`),
    )
    expect(files.length).toBeGreaterThan(80)
    expect(upward).toEqual([])
  })

  it('run down only among the rooms of the server, and never from feature to feature', () => {
    const wrong = files.flatMap((file) => {
      const room = roomOf(file)
      if (!room) return []
      const below = FEATURES.includes(room) ? ROOMS : ROOMS.slice(0, ROOMS.indexOf(room))
      return local(file)
        .filter((target) => {
          const other = roomOf(target)
          return other && other !== room && !below.includes(other)
        })
        .map((target) => `${file} imports ${target}`)
    })
    expect(wrong).toEqual([])
  })

  it('know every folder of the server', () => {
    const rooms = new Set(files.map(roomOf).filter((room) => room !== undefined))
    expect([...rooms].sort()).toEqual([...ROOMS, ...FEATURES, ...OTHERS].sort())
  })

  it('reach no Node module from where the application starts on Workers', () => {
    const seen = new Set<string>()
    const walk = (file: string): string[] => {
      if (seen.has(file)) return []
      seen.add(file)
      const direct = importsOf(file).filter(
        (name) =>
          !ON_WORKERS.has(name) && (name.startsWith('node:') || builtinModules.includes(name)),
      )
      return [...direct.map((name) => `${file} imports ${name}`), ...local(file).flatMap(walk)]
    }
    expect(walk('server/edge.ts')).toEqual([])
    expect(seen).toContain('server/app.ts')
    expect(seen.size).toBeGreaterThan(50)
  })

  it('name no barrel file', () => {
    expect(files.filter((file) => path.basename(file).startsWith('index.'))).toEqual([])
  })
})

describe('the code', () => {
  it('reads the environment in config.ts, for its three commands alone', () => {
    const readers = files.filter((file) => /process\.env\b/.test(text(file)))
    expect(readers).toEqual([
      'server/identity/staff-command.ts',
      'server/main.ts',
      'server/security/seal-secrets.ts',
    ])
  })

  it('opens the tables through the two database alone', () => {
    const openers = files.filter((file) =>
      /from 'postgres'|drizzle-orm\/postgres-js'/.test(text(file)),
    )
    const allowed = /^(db\/|server\/runs\/(boss|run-events)\.ts$|jobs\/steps\/worker-lock\.ts$)/
    expect(openers.filter((file) => !allowed.test(file))).toEqual([])
  })
})

function top(file: string): string {
  return file.split('/')[0]!
}

function roomOf(file: string): string | undefined {
  const [, folder, ...rest] = file.split('/')
  return top(file) === 'server' && rest.length > 0 ? folder : undefined
}

function text(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}
