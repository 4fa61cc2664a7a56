import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../architecture/code-files.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'

const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8')
const blocks = [...README.matchAll(/^```sh\n(.*?)^```/gms)].map(([, code]) => code!.trim())
const LIMIT_MS = 420_000

describe('the README', () => {
  it('names only files, folders and scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
    const named = [...README.matchAll(/`([\w-]+\/[\w./-]*)`/g)].map(([, name]) => name!)
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([])
    const run = [...README.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!)
    expect(run.filter((name) => !(name in scripts))).toEqual([])
  })

  it('names every setting, and no other', () => {
    const config = readFileSync(path.join(ROOT, 'server/config.ts'), 'utf8')
    const known = [...config.matchAll(/^ {2}([A-Z][A-Z0-9_]+): /gm)].map(([, name]) => name!)
    const table = README.slice(README.indexOf('## Settings'), README.indexOf('## Layout'))
    const told = [...table.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, name]) => name!),
    )
    expect(told.sort()).toEqual(known.sort())
  })
})

describe('the commands of the README, in a fresh copy of the project', () => {
  let copy: string
  let wordpress: WordPress
  let service: ChildProcess | undefined
  beforeAll(async () => {
    copy = mkdtempSync(path.join(tmpdir(), 'igny8-readme-'))
    chmodSync(copy, 0o755)
    const files = execFileSync(
      'git',
      ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
      {
        cwd: ROOT,
        encoding: 'utf8',
      },
    )
    for (const file of files
      .split('\0')
      .filter((name) => name && existsSync(path.join(ROOT, name)))) {
      cpSync(path.join(ROOT, file), path.join(copy, file), { recursive: true })
    }
    wordpress = await startWordPress()
  })
  afterAll(async () => {
    await bash(blocks[1]!)
    await stopService()
    await wordpress?.stop()
    rmSync(copy, { recursive: true, force: true })
  })

  it('are the ones that are run here', () => {
    const firstWords = blocks.map((code) => code.split('=')[0])
    expect(firstWords).toEqual([
      'npm run demo',
      'npm run demo -- stop',
      'npm test',
      'npm ci\nnpm start',
      'API',
    ])
  })

  it(
    'run the demo and stop it',
    async () => {
      const demo = await bash(blocks[0]!)
      const urls = [...new Set(demo.match(/http:\/\/127\.0\.0\.1:\d+\/[\w-]+\/$/gm))]
      expect(urls, demo).toHaveLength(3)
      for (const url of urls) expect(await statusOf(url), url).toBe(200)
      await bash(blocks[1]!)
      await expect(fetch(urls[0]!)).rejects.toThrow()
    },
    LIMIT_MS,
  )

  it(
    'start the service and take a keyword list to a published post',
    async () => {
      const [install, start] = blocks[3]!.split('\n')
      await bash(install!)
      service = spawn('bash', ['-c', `exec ${start}`], {
        cwd: copy,
        env: {
          ...environment(),
          PORT: '0',
          IGNY8_ALLOW_PRIVATE_SITES: new URL(wordpress.url).host,
        },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const url = await listening(service)
      const output = await bash(blocks[4]!, {
        API: `${url}/api/v1`,
        WP_URL: wordpress.url,
        WP_USER: wordpress.user,
        WP_APP_PASSWORD: wordpress.appPassword,
      })
      const post = output.trim().split('\n').at(-1)!
      expect(post, output).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//)
      expect(await statusOf(post)).toBe(200)
      await stopService()
    },
    LIMIT_MS,
  )

  async function stopService(): Promise<void> {
    if (!service || service.exitCode !== null || service.signalCode !== null) return
    service.kill('SIGTERM')
    await once(service, 'exit')
  }

  /** As a newcomer's shell has it: the machine's own node, nothing of this checkout's. */
  function environment(): NodeJS.ProcessEnv {
    const folders = (process.env.PATH ?? '').split(':')
    const own = folders.filter((folder) => !folder.includes('node_modules'))
    return { PATH: own.join(':'), HOME: process.env.HOME, CI: '1' }
  }

  async function bash(code: string, variables: NodeJS.ProcessEnv = {}): Promise<string> {
    const child = spawn('bash', ['-eo', 'pipefail', '-c', code], {
      cwd: copy,
      env: { ...environment(), ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    // What a command leaves running keeps the pipes open: the command's own end counts.
    const [status] = await once(child, 'exit')
    expect(status, output).toBe(0)
    return output
  }
})

async function listening(child: ChildProcess): Promise<string> {
  let output = ''
  for await (const chunk of child.stdout!) {
    output += chunk
    const url = /igny8 listening on (\S+)/.exec(output)?.[1]
    if (url) {
      child.stdout!.resume()
      return url
    }
  }
  throw new Error(`the service did not start: ${output}`)
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url)
  // Read to its end: a body that is left hanging breaks fetch when the server goes away.
  await response.arrayBuffer()
  return response.status
}
