import { type ChildProcess, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'

export interface ProcessGroup {
  pid: number
  /** Resolves when the process that was started has ended, with its exit code or its signal. */
  ended: Promise<number | NodeJS.Signals>
  /** Asks the whole group to end with `signal`; what is left of it after `graceMs` is killed. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<number | NodeJS.Signals>
}

/**
 * Starts a program as a process group of its own that cannot outlive the process that started it,
 * even one that is killed. What it prints goes to `log`.
 */
export function startGroup(
  program: string,
  args: string[],
  options: { log: string; env?: Record<string, string> },
): ProcessGroup {
  const log = openSync(options.log, 'a')
  const env = { ...process.env, ...options.env }
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log], env })
  const { pid } = child
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0))
  })
  if (pid === undefined) throw new Error(`${program} could not be started.`)
  child.unref()
  const watcher = watch(pid)
  return {
    pid,
    ended,
    async stop(signal, graceMs) {
      child.ref()
      signalGroup(pid, signal)
      await Promise.race([ended, after(graceMs, undefined, { ref: false })])
      signalGroup(pid, 'SIGKILL')
      const how = await ended
      watcher.kill('SIGKILL')
      return how
    },
  }
}

/** A shell that reads a pipe nobody writes to: it ends when our end closes, as it does if we die. */
function watch(pid: number): ChildProcess {
  const script = 'read -r _; kill -s KILL -- "-$1"'
  const watcher = spawn('sh', ['-c', script, 'sh', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  const { stdin } = watcher
  if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return watcher
}

function signalGroup(pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
