import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, readFileSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../server/config.ts'
import { ROOT } from '../architecture/code-files.ts'
import { commands } from '../readme/documents.ts'
import { copyProject, openFolder } from '../readme/project-copy.ts'

const NOBODY = 65_534
/** The ordinary user that everything runs as. */
const USER = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
const LIMIT_MS = 300_000

const deployed = (file: string) => readFileSync(path.join(ROOT, '.github/deploy', file), 'utf8')
const dockerfile = deployed('Dockerfile')
const unit = deployed('igny8.service')
const all = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, found]) => found!)
const settings = (text: string) =>
  Object.fromEntries(text.split(' ').map((pair) => pair.split('=') as [string, string]))

let app: string
let home: string
let service: ChildProcess | undefined
beforeAll(() => {
  app = openFolder('deploy')
  home = openFolder('deploy-home')
  if (USER.uid) chownSync(home, USER.uid, USER.gid)
})
afterAll(async () => {
  await stop()
  spawnSync('chmod', ['-R', 'u+w', app])
  for (const folder of [app, home]) rmSync(folder, { recursive: true, force: true })
})

describe('a deployment, by an ordinary user who may not write to the code', () => {
  const credentials = { email: 'kept@example.test', password: 'a long password' }

  it(
    'follows the Dockerfile: packages, code, start, health check, drain (no image is built: there is no Docker engine)',
    async () => {
      for (const copied of all(dockerfile, /^COPY (.+) \S+$/gm)) {
        copyProject(app, copied.split(' '))
        for (const name of copied.split(' ')) statSync(path.join(app, name))
      }
      const [install, ...rest] = all(dockerfile, /^RUN (.+)$/gm)
      expect(rest).toEqual(['mkdir /data && chown node: /data'])
      execFileSync('sh', ['-c', install!], { cwd: app, env: { ...process.env, CI: '1' } })
      execFileSync('chmod', ['-R', 'a-w', app])
      chmodSync(app, 0o555)

      const [start] = all(dockerfile, /^CMD (\[.+\])$/gm)
      const environment = settings(all(dockerfile, /^ENV (.+)$/gm)[0]!)
      expect(environment).toMatchObject({ HOST: '0.0.0.0', IGNY8_DATA_DIR: '/data' })
      const url = await run(JSON.parse(start!), environment, 'data')
      const registered = await post(`${url}/api/v1/auth/register/`, {
        ...credentials,
        account_name: 'Kept',
      })
      expect(registered.status).toBe(201)

      const [check] = all(dockerfile, /^HEALTHCHECK .*CMD (.+)$/gm)
      const { host } = new URL(url)
      const healthy = check!.replace('127.0.0.1:3000', host)
      expect(healthy).not.toBe(check)
      expect(shell(healthy).status).toBe(0)
      expect(await stop()).toBe(0)
      expect(shell(healthy).status).toBe(1)
    },
    LIMIT_MS,
  )

  it(
    'is backed up and restored as README says, and follows the systemd unit (systemd itself does not run it)',
    async () => {
      const folder = (name: string) => ({ IGNY8_DATA_DIR: path.join(home, name) })
      expect(shell(commands('backup'), folder('data'))).toMatchObject({ status: 0 })
      rmSync(path.join(home, 'data'), { recursive: true })
      expect(shell(commands('restore'), folder('restored'))).toMatchObject({ status: 0 })

      const [start] = all(unit, /^ExecStart=(.+)$/gm)
      const environment = settings(all(unit, /^Environment=(.+)$/gm)[0]!)
      const url = await run(start!.split(' '), environment, 'restored')
      const signedIn = await post(`${url}/api/v1/auth/login/`, credentials)
      expect(signedIn.status).toBe(200)
      expect(await stop()).toBe(0)

      const verified = spawnSync('systemd-analyze', ['verify', '.github/deploy/igny8.service'], {
        cwd: ROOT,
        encoding: 'utf8',
      })
      // Where there is no systemd, nothing can check the words of the unit.
      if (!verified.error) expect(verified.stderr).toBe('')
    },
    LIMIT_MS,
  )

  it('has settings in compose.yaml that igny8 takes (no container is started)', () => {
    const compose = deployed('compose.yaml')
    const igny8 = compose.slice(0, compose.indexOf('\n  postgres:'))
    const pairs = [...igny8.matchAll(/^ {6}([A-Z][A-Z0-9_]+): (.+)$/gm)]
    const filled = pairs.map(([, name, value]) => [
      name,
      value!.replace(/\$\{\w+:?[?-]?([^}]*)\}/g, '$1'),
    ])
    const config = readConfig({
      ...Object.fromEntries(filled),
      DATABASE_URL: String(pairs.find(([, name]) => name === 'DATABASE_URL')?.[2]).replace(
        /\$\{[^}]*\}/,
        'x',
      ),
      IGNY8_SECRET_KEYS: 'k'.repeat(44),
      PUBLIC_URL: 'https://igny8.example.com',
    })
    expect(config).toMatchObject({
      databaseUrl: 'postgres://igny8:x@postgres:5432/igny8',
      trustedProxies: ['172.16.0.0/12'],
    })
    const known = readFileSync(path.join(ROOT, 'server/config.ts'), 'utf8')
    for (const [, name] of pairs) expect(known).toContain(`  ${name}: `)
  })
})

/** Starts a command of the deployment on a free port, over a data folder of the test's. */
async function run(
  [program, ...args]: string[],
  environment: Record<string, string>,
  data: string,
): Promise<string> {
  service = spawn(program!, args, {
    ...USER,
    cwd: app,
    env: {
      ...ownEnvironment(),
      ...environment,
      HOST: '127.0.0.1',
      PORT: '0',
      IGNY8_DATA_DIR: path.join(home, data),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  service.stderr!.on('data', (chunk) => {
    output += chunk
  })
  for await (const chunk of service.stdout!) {
    output += chunk
    const url = /igny8 listening on (\S+)/.exec(output)?.[1]
    if (url) {
      service.stdout!.resume()
      return url
    }
  }
  throw new Error(`the service did not start: ${output}`)
}

/** Resolves to the exit code. */
async function stop(): Promise<number | null> {
  if (!service || service.exitCode !== null || service.signalCode !== null) return null
  service.kill('SIGTERM')
  const [code] = await once(service, 'exit')
  return code
}

/** Runs a shell command where the user may write. */
function shell(command: string, environment: Record<string, string> = {}) {
  return spawnSync('sh', ['-c', command], {
    ...USER,
    cwd: home,
    env: { ...ownEnvironment(), ...environment },
    encoding: 'utf8',
  })
}

/** The packages bring the Node that the image or the machine would have. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return { PATH: `${app}/node_modules/.bin:${process.env.PATH}`, HOME: home }
}

async function post(url: string, body: object): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  await response.arrayBuffer()
  return response
}
