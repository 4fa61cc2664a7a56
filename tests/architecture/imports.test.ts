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
const FEATURES = ['auth', 'planner', 'writer', 'publishing', 'system', 'billing']
/** What every feature may use, beside what stands at the server's ground. */
const SHARED = ['ai', 'billing', 'media', 'http']

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

  it('never cross features: what crosses them is a job', () => {
    const crossing = files.flatMap((file) => {
      const feature = featureOf(file)
      if (!feature) return []
      return local(file)
        .filter((target) => {
          const other = featureOf(target)
          return (
            other && other !== feature && !SHARED.includes(other) && !target.endsWith('/jobs.ts')
          )
        })
        .map((target) => `${file} imports ${target}`)
    })
    expect(crossing).toEqual([])
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
    expect(readers).toEqual(['server/main.ts', 'server/seal-secrets.ts', 'server/staff.ts'])
  })

  it('opens the tables through the two doors alone', () => {
    const openers = files.filter((file) =>
      /from 'postgres'|drizzle-orm\/postgres-js'/.test(text(file)),
    )
    const allowed = /^(db\/|server\/(boss|run-events)\.ts$|jobs\/worker-lock\.ts$)/
    expect(openers.filter((file) => !allowed.test(file))).toEqual([])
  })
})

function top(file: string): string {
  return file.split('/')[0]!
}

function featureOf(file: string): string | undefined {
  const [, folder, ...rest] = file.split('/')
  return top(file) === 'server' && rest.length > 0 && FEATURES.includes(folder!)
    ? folder
    : undefined
}

function text(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}
