import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { until } from '../helpers/until.ts'
import { STATE_FILE, type Stage } from './stage.ts'

const program = join(import.meta.dirname, 'stage.ts')

/** The stage that runs in a folder, if one does and is ready. */
export function runningStage(folder: string): Stage | undefined {
  const state = readState(folder)
  return state && 'service' in state ? (state as Stage) : undefined
}

/**
 * Starts a stage in the background; it outlives this process.
 * @throws with its own message when it cannot start, with the log that tells more
 */
export async function startStage(folder: string): Promise<Stage> {
  fs.mkdirSync(folder, { recursive: true })
  if (!readState(folder)) fs.rmSync(join(folder, STATE_FILE), { force: true })
  const logFile = join(folder, 'stage.log')
  const log = fs.openSync(logFile, 'w')
  const child = spawn(process.execPath, [program, folder], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  fs.closeSync(log)
  const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  const stage = runningStage(folder)
  if (message !== 'ready' || !stage) {
    const text = typeof message === 'string' ? message : fs.readFileSync(logFile, 'utf8')
    throw new Error(`The demo could not start (${logFile}):\n${text}`)
  }
  child.disconnect()
  child.unref()
  return stage
}

/** Stops the stage of a folder and waits until all of it has ended. False when there is none. */
export async function stopStage(folder: string): Promise<boolean> {
  const state = readState(folder)
  if (!state) return false
  process.kill(state.pid, 'SIGTERM')
  await until(() => !isStage(state.pid, folder), { what: 'the end of the demo' })
  return true
}

function readState(folder: string): { pid: number } | undefined {
  const file = join(folder, STATE_FILE)
  if (!fs.existsSync(file)) return undefined
  const state = JSON.parse(fs.readFileSync(file, 'utf8'))
  return isStage(state.pid, folder) ? state : undefined
}

/** A process id alone may be another program's by now. */
function isStage(pid: number, folder: string): boolean {
  try {
    const command = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return command.includes(program) && command.includes(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return false
    throw error
  }
}
