import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
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
 * even one that is killed: it then gets `orphanSignal`. What it prints goes to the file `log`, anew.
 */
export function startGroup(
  program: string,
  args: string[],
  options: { log: string; env?: Record<string, string>; orphanSignal?: 'KILL' | 'TERM' },
): ProcessGroup {
  const log = openSync(options.log, 'w')
  const env = { ...process.env, ...options.env }
  const child = spawn(program, args, { detached: true, stdio: ['ignore', log, log], env })
  closeSync(log)
  const { pid } = child
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0))
  })
  if (pid === undefined) {
    // The event says it once more, and would end this process.
    child.once('error', () => undefined)
    throw new Error(`${program} could not be started: is it installed?`)
  }
  child.unref()
  const watcher = watch(pid, options.orphanSignal ?? 'KILL')
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
function watch(pid: number, signal: 'KILL' | 'TERM'): ChildProcess {
  const script = 'read -r _; kill -s "$2" -- "-$1"'
  const watcher = spawn('sh', ['-c', script, 'sh', String(pid), signal], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.unref()
  const { stdin } = watcher
  if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
  return watcher
}

/** Waits until the log of a group shows `line`. Throws with the log when the group ends before. */
export async function logged(
  group: ProcessGroup,
  log: string,
  line: RegExp,
  limitMs: number,
): Promise<RegExpExecArray> {
  let ended = false
  group.ended.then(() => {
    ended = true
  })
  const deadline = Date.now() + limitMs
  for (;;) {
    const hasEnded = ended
    const text = readFileSync(log, 'utf8')
    const found = line.exec(text)
    if (found) return found
    if (hasEnded) throw new Error(`It ended before it was ready:\n${text.slice(-4_000)}`)
    if (Date.now() > deadline) throw new Error(`It was not ready in time:\n${text.slice(-4_000)}`)
    await after(10)
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
