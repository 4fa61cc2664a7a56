import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'

const PROCESS = fileURLToPath(new URL('./service-process.ts', import.meta.url))

/** The worker of a service, as a process that can be killed at any instruction and comes back. */
export interface MortalWorker {
  readonly kills: number
  /** Resolves when the one that lives now takes jobs. */
  awake(): Promise<void>
  /** Kills it at once; another starts by itself. */
  kill(): void
  /** Ends it for good. */
  stop(): Promise<void>
}

/** Starts the worker of a service that was started as `api`. `program` starts it in another way. */
export async function startMortalWorker(
  { config, url }: TestService,
  settleMs: number,
  program = PROCESS,
): Promise<MortalWorker> {
  const env = {
    PATH: process.env.PATH,
    DATABASE_URL: config.databaseUrl,
    PUBLIC_URL: url,
    IGNY8_ROLE: 'worker',
    IGNY8_DATA_DIR: config.dataDir,
    IGNY8_SECRET_KEYS: config.secretKeys.join(),
    IGNY8_ALLOW_PRIVATE_SITES: config.allowPrivateSites.join(),
    TEST_SETTLE_MS: `${settleMs}`,
  }
  let kills = 0
  let ended = false
  let child = spawnWorker(env, program)
  let awake = ready(child)
  await awake
  const living = (async () => {
    for (;;) {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      if (ended) return
      child = spawnWorker(env, program)
      awake = ready(child)
      await awake
    }
  })()
  return {
    get kills() {
      return kills
    },
    async awake() {
      // One that was just killed takes no jobs.
      await until(() => !child.killed, { what: 'the start of another worker' })
      await awake
    },
    kill() {
      if (child.kill('SIGKILL')) kills++
    },
    async stop() {
      ended = true
      child.kill('SIGKILL')
      await living
    },
  }
}

const spawnWorker = (env: NodeJS.ProcessEnv, program: string) =>
  spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'ignore'] })

/** Waits until it takes jobs, or is killed before it does. */
async function ready(child: ChildProcess): Promise<void> {
  let output = ''
  for await (const chunk of child.stdout!) {
    output += chunk
    if (output.includes('listening')) break
  }
  child.stdout!.resume()
}
