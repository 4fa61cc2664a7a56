// What the demo plays on, kept running in the background: a WordPress, and igny8 with its own
// PostgreSQL. Started by stage-control.ts with the demo's folder; SIGTERM ends it and all of it.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { logged, type ProcessGroup, startGroup } from '../wordpress/wordpress-process.ts'

export interface Stage {
  pid: number
  /** The service's address. */
  service: string
  wordpress: { url: string; user: string; password: string; appPassword: string }
}

/** In the demo's folder while it runs: a `Stage`, or only its `pid` until it is ready. */
export const STATE_FILE = 'stage.json'

const DRAIN_MS = 60_000

async function startService(folder: string, wordpress: WordPress): Promise<[ProcessGroup, string]> {
  const main = join(import.meta.dirname, '../../server/main.ts')
  const log = join(folder, 'service.log')
  const group = startGroup(process.execPath, [main], {
    log,
    env: {
      PORT: '0',
      HOST: '127.0.0.1',
      DATABASE_URL: '',
      IGNY8_DATA_DIR: join(folder, 'data'),
      IGNY8_ALLOW_PRIVATE_SITES: new URL(wordpress.url).host,
    },
    orphanSignal: 'TERM',
  })
  const [, url = ''] = await logged(group, log, /igny8 listening on (http:\S+)/, 120_000)
  return [group, url]
}

/** At the address it had the last time if that is free, since its posts hold it. */
async function startWordPressAgain(folder: string): Promise<WordPress> {
  const dir = join(folder, 'wordpress')
  const home = join(dir, 'home')
  const php = readFileSync(join(import.meta.dirname, 'home-barista.php'), 'utf8')
  const muPlugins = [{ name: 'home-barista', php }]
  const port = existsSync(home) ? Number(new URL(readFileSync(home, 'utf8')).port) : 0
  if (port) {
    try {
      return await startWordPress({ dir, port, muPlugins })
    } catch (error) {
      process.stderr.write(`WordPress gets a new port: ${error}\n`)
    }
  }
  return startWordPress({ dir, muPlugins })
}

async function main(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const state = join(folder, STATE_FILE)
  // Refuses when another one is there: two would share a database.
  writeFileSync(state, JSON.stringify({ pid: process.pid }), { flag: 'wx', mode: 0o600 })
  process.once('exit', () => rmSync(state, { force: true }))
  let service: ProcessGroup | undefined
  let wordpress: WordPress | undefined
  let stopping = false
  const stop = async () => {
    if (stopping) return
    stopping = true
    await service?.stop('SIGTERM', DRAIN_MS)
    await wordpress?.stop()
    // What is only half started ends with this process.
    process.exit()
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, stop)
  wordpress = await startWordPressAgain(folder)
  const [group, url] = await startService(folder, wordpress)
  service = group
  service.ended.then(stop)
  const { user, password, appPassword } = wordpress
  const stage: Stage = {
    pid: process.pid,
    service: url,
    wordpress: { url: wordpress.url, user, password, appPassword },
  }
  writeFileSync(state, JSON.stringify(stage))
  process.send?.('ready')
  // What it started does not keep it alive.
  setInterval(() => undefined, 2 ** 30)
}

if (import.meta.main) {
  main(process.argv[2] ?? '').catch((error: Error) => {
    process.stderr.write(`${error.stack}\n`)
    process.exitCode = 1
    process.send?.(error.message, () => process.exit())
  })
}
