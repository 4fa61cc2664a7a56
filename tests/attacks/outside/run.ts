import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { register } from '../../helpers/client.ts'
import { type Assault, type Attack, HoleError, type Target } from './attack.ts'
import { attacks } from './attacks.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const START_LIMIT_MS = 60_000
const TERMINATE_LIMIT_MS = 35_000
const ATTACK_LIMIT_MS = 10 * 60_000

const HELP = `Attacks running services from outside and says which attacks succeed.

  npm run attack [-- WORD...]     the attacks whose names contain one of the words; all by default
    --checkout FOLDER             attacks the service of another checkout, to compare
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    checkout: { type: 'string', default: ROOT },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(HELP)
} else {
  const chosen = attacks.filter(
    ({ name }) => positionals.length === 0 || positionals.some((word) => name.includes(word)),
  )
  let open = 0
  for (const attack of chosen) {
    const { held, seen } = await attempt(attack, values.checkout)
    if (!held) open++
    console.log(`${held ? 'held' : 'OPEN'}  ${attack.name}: ${seen}`)
  }
  console.log(`${chosen.length - open} held, ${open} open`)
  process.exitCode = open > 0 || chosen.length === 0 ? 1 : 0
}

async function attempt(attack: Attack, checkout: string) {
  if ('run' in attack) return runAttack(attack, checkout)
  const prepared = await attack.prepare()
  try {
    return await runAttack(prepared, checkout)
  } finally {
    await prepared.stop()
  }
}

async function runAttack({ environment, run }: Assault, checkout: string) {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'igny8-attack-'))
  chmodSync(dataDir, 0o755)
  const PORT = String(await freePort())
  const start = () =>
    spawn(process.execPath, [path.join(checkout, 'server/main.ts')], {
      env: { PATH: process.env.PATH, PORT, IGNY8_DATA_DIR: dataDir, ...environment },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  let child = start()
  const limit = Promise.withResolvers<never>()
  const late = new HoleError(`not over after ${ATTACK_LIMIT_MS} ms`)
  const patience = setTimeout(() => limit.reject(late), ATTACK_LIMIT_MS)
  try {
    const url = await listening(child)
    const target: Target = {
      url,
      get pid() {
        return child.pid ?? 0
      },
      async restart() {
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
        child = start()
        await listening(child)
      },
      dataDir,
      owner: (name = 'Attacked') => register(url, name),
      terminate: () => terminate(child),
    }
    return { held: true, seen: await Promise.race([run(target), limit.promise]) }
  } catch (error) {
    const seen = error instanceof HoleError ? error.message : String(error)
    return { held: false, seen }
  } finally {
    clearTimeout(patience)
    await terminate(child)
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const patience = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS)
    child.stdout?.on('data', (chunk) => {
      output += chunk
      const url = /listening on (\S+)/.exec(output)?.[1]
      if (!url) return
      clearTimeout(patience)
      resolve(url)
    })
    child.once('exit', () => reject(new Error('the service did not start')))
  })
}

async function terminate(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const patience = setTimeout(() => child.kill('SIGKILL'), TERMINATE_LIMIT_MS)
  await exited
  clearTimeout(patience)
  return child.exitCode
}
