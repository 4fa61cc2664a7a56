import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ROOT } from '../architecture/code-files.ts'

const MAX_BYTES = 1_000_000
/** What packages import and workerd itself serves (developers.cloudflare.com/workers/runtime-apis/nodejs). */
const SERVED = [
  ...['assert', 'async_hooks', 'buffer', 'crypto', 'dns', 'events', 'fs', 'fs/promises', 'net'],
  ...['os', 'path', 'perf_hooks', 'stream', 'stream/promises', 'string_decoder'],
  ...['timers/promises', 'tls', 'util'],
  ...['util/types', 'v8', 'zlib'],
]

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'igny8-bundle-'))
  execFileSync(
    path.join(ROOT, 'node_modules/.bin/wrangler'),
    ['deploy', '--dry-run', `--outdir=${folder}`, `--metafile=${folder}/meta.json`],
    { cwd: ROOT, env: { ...process.env, WRANGLER_LOG_PATH: folder }, stdio: 'pipe' },
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('is a megabyte at most, compressed, with its WebAssembly', () => {
  const uploaded = readdirSync(folder).filter((name) => /\.(js|wasm)$/.test(name))
  expect(uploaded).toHaveLength(2)
  const files = uploaded.map((name) => gzipSync(readFileSync(path.join(folder, name))).length)
  expect(files.reduce((sum, bytes) => sum + bytes)).toBeLessThan(MAX_BYTES)
})

it('asks of Node only what Workers serve', () => {
  const { outputs } = JSON.parse(readFileSync(path.join(folder, 'meta.json'), 'utf8')) as {
    outputs: Record<string, { imports: { path: string; external?: boolean }[] }>
  }
  const external = Object.values(outputs).flatMap(({ imports }) =>
    imports.filter((one) => one.external).map((one) => one.path.replace('node:', '')),
  )
  const asked = new Set(external.filter((name) => builtinModules.includes(name)))
  expect([...asked].filter((name) => !SERVED.includes(name))).toEqual([])
  expect(asked.size).toBeGreaterThan(5)
})
