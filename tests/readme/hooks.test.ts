import { spawnSync } from 'node:child_process'
import { cpSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ROOT } from '../architecture/code-files.ts'
import { openFolder } from './project-copy.ts'

let folder: string
beforeEach(() => {
  folder = openFolder('hooks')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (program: string, ...args: string[]) =>
  spawnSync(program, args, {
    cwd: folder,
    env: { PATH: `${ROOT}/node_modules/.bin:${process.env.PATH}`, INIT_CWD: folder },
    encoding: 'utf8',
  })

it('installs no hook, and does not fail npm ci, where there is no .git', () => {
  const installed = run('node', path.join(ROOT, 'node_modules/lefthook/postinstall.js'))
  expect(installed.status, installed.stderr).toBe(0)
})

it('refuses a commit of staged code that lint refuses', () => {
  for (const name of ['.lefthook.yml', '.biome.json', '.gitignore']) {
    cpSync(path.join(ROOT, name), path.join(folder, name))
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
  const lint = () => run('lefthook', 'run', 'pre-commit', '--job', 'lint and format')
  const stage = (code: string) => {
    writeFileSync(path.join(folder, 'staged.ts'), code)
    expect(run('git', 'add', 'staged.ts').status).toBe(0)
  }
  expect(run('git', 'init', '--quiet').status).toBe(0)
  stage('export const one: number = 1\n')
  const accepted = lint()
  expect(accepted.status, accepted.stdout).toBe(0)
  expect(accepted.stdout).toContain('lint and format')
  stage('export const one: any = 1\n')
  const refused = lint()
  expect(refused.status, refused.stdout).toBe(1)
  expect(refused.stdout).toContain('noExplicitAny')
})
