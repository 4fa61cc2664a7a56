import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { commands, README } from './documents.ts'
import { copyProject, openFolder } from './project-copy.ts'

const LIMIT_MS = 420_000

describe('the commands of the README, in a fresh copy of the project', () => {
  let copy: string
  let wordpress: WordPress
  let service: ChildProcess | undefined
  beforeAll(async () => {
    copy = openFolder('readme')
    copyProject(copy)
    wordpress = await startWordPress()
  })
  afterAll(async () => {
    await bash(commands('stop'))
    await stopService()
    await wordpress?.stop()
    rmSync(copy, { recursive: true, force: true })
  })

  it('are the ones that some test runs', () => {
    const names = [...README.matchAll(/^```sh test=(\w+)$/gm)].map(([, name]) => name)
    // tests/deploy runs backup and restore; npm test is what runs this.
    expect(names).toEqual(['demo', 'stop', 'start', 'flow', 'backup', 'restore', 'tests'])
  })

  it(
    'run the demo and stop it',
    async () => {
      const demo = await bash(commands('demo'))
      const urls = [...new Set(demo.match(/http:\/\/127\.0\.0\.1:\d+\/[\w-]+\/$/gm))]
      expect(urls, demo).toHaveLength(3)
      for (const url of urls) expect(await statusOf(url), url).toBe(200)
      await bash(commands('stop'))
      await expect(fetch(urls[0]!)).rejects.toThrow()
    },
    LIMIT_MS,
  )

  it(
    'start the service and take a keyword list to a published post',
    async () => {
      const [install, start] = commands('start').split('\n')
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
      const output = await bash(commands('flow'), {
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
