import { spawn } from 'node:child_process'

/** What a person must do before the installation can go on, in one sentence. */
export class InstallError extends Error {}

/** Says in one line what is being installed. @param {string} what */
export function say(what) {
  process.stdout.write(`install: ${what}\n`)
}

/**
 * Runs a program quietly.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined> }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>} `ok` is false too when the program is not
 * there; `output` holds stdout and stderr.
 */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const keep = (/** @type {Buffer} */ chunk) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => resolve({ ok: false, output: error.message }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}

/**
 * Runs a program that has to succeed.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined> }} [options]
 * @returns {Promise<string>} what it printed
 * @throws {InstallError} with the end of what it printed
 */
export async function mustRun(program, args, options) {
  const { ok, output } = await run(program, args, options)
  if (ok) return output
  throw failure([program, ...args], output)
}

/** @param {string[]} command @param {string} output */
export function failure(command, output) {
  const end = output.trim().split('\n').slice(-15).join('\n')
  return new InstallError(`${command.join(' ')} failed:\n${end}`)
}
