import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { ROOT } from '../architecture/code-files.ts'
import { until } from '../helpers/until.ts'

/** A folder that exists until the test ends. */
export function folder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'igny8-service-'))
  chmodSync(dir, 0o755)
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/**
 * Starts `server/main.ts` as `npm start` does, and stops it when the test ends. `ready` resolves to its
 * address, which is empty for a worker, and rejects when it exits first.
 */
export function start(environment: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [path.join(ROOT, 'server/main.ts')], {
    env: { PATH: process.env.PATH, PORT: '0', IGNY8_DATA_DIR: folder(), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  const output = { out: '', err: '' }
  child.stderr.on('data', (chunk) => {
    output.err += chunk
  })
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output.out += chunk
      const line = /^igny8 (?:listening on (\S+)|working)$/m.exec(output.out)
      if (line) resolve(line[1] ?? '')
    })
    child.once('exit', () => reject(new Error(`ended: ${output.err}`)))
  })
  ready.catch(() => {})
  const logged = (what: RegExp) =>
    until(() => what.test(output.err), { what: `the log line ${what}` })
  return { child, output, ready, logged }
}
