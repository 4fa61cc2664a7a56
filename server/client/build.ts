import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { apiTypes } from './api-types.ts'
import { describeApi } from './describe-api.ts'

const FOLDER = import.meta.dirname
const DIST = path.join(FOLDER, 'dist')

/** Compiles the client for `npm pack`, with types generated from this version of the API. */
function build(): void {
  rmSync(DIST, { recursive: true, force: true })
  mkdirSync(DIST)
  writeFileSync(path.join(FOLDER, 'api.d.ts'), apiTypes(describeApi()))
  const require = createRequire(import.meta.url)
  const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  const options = ['--ignoreConfig', '--declaration', '--outDir', DIST, '--target', 'es2022']
  const modules = ['--module', 'nodenext', '--strict', '--skipLibCheck', '--types', 'node']
  execFileSync(process.execPath, [tsc, path.join(FOLDER, 'client.ts'), ...options, ...modules], {
    stdio: 'inherit',
  })
  writeFileSync(path.join(DIST, 'api.d.ts'), apiTypes(describeApi()))
}

build()
