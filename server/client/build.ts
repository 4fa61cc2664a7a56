import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { createApp } from '../app.ts'
import type { Deps } from '../deps.ts'
import { apiTypes, type Description } from './api-types.ts'

const FOLDER = import.meta.dirname
const DIST = path.join(FOLDER, 'dist')

/** Compiles the client with the types of the API as the code beside it serves it, for `npm pack`. */
function build(): void {
  rmSync(DIST, { recursive: true, force: true })
  mkdirSync(DIST)
  writeFileSync(path.join(FOLDER, 'api.d.ts'), apiTypes(description()))
  const require = createRequire(import.meta.url)
  const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  const options = ['--ignoreConfig', '--declaration', '--outDir', DIST, '--target', 'es2022']
  const modules = ['--module', 'nodenext', '--strict', '--skipLibCheck', '--types', 'node']
  execFileSync(process.execPath, [tsc, path.join(FOLDER, 'client.ts'), ...options, ...modules], {
    stdio: 'inherit',
  })
  writeFileSync(path.join(DIST, 'api.d.ts'), apiTypes(description()))
}

/** The description needs no database: only what the routes are told when they are declared. */
function description(): Description {
  const settings = {
    registration: 'open',
    defaultPlan: 'free',
    rateLimits: { account: 0, address: 0 },
    corsOrigins: [],
    publicUrl: () => 'http://localhost',
  }
  const app = createApp({ settings, database: {}, metrics: {} } as unknown as Deps)
  const info = { title: 'igny8', version: '1' }
  const described = app.getOpenAPI31Document({ openapi: '3.1.0', info })
  return described as unknown as Description
}

build()
