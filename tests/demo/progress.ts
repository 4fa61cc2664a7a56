import type { WriteStream } from 'node:tty'
import { stripVTControlCharacters } from 'node:util'

/** What a step shows while it runs: how far it is, 0 to 100, and what it does. */
interface Progress {
  percentage: number
  message: string
}

export interface Step {
  update(progress: Progress): void
  done(outcome: string): void
  failed(): void
}

export interface Terminal {
  step(name: string): Step
  line(text?: string): void
  bold(text: string): string
  dim(text: string): string
}

const NAME_WIDTH = 30
const BAR_WIDTH = 24
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'
const EIGHTHS = ' ▏▎▍▌▋▊▉'

/** Steps on a terminal are one line each that fills as it runs; elsewhere each change is a line. */
export function openTerminal(out: WriteStream | NodeJS.WriteStream): Terminal {
  const live = out.isTTY === true && process.env.TERM !== 'dumb'
  const paint = live && !process.env.NO_COLOR
  const style = (code: number) => (text: string) => (paint ? `\x1b[${code}m${text}\x1b[0m` : text)
  const styles = {
    bold: style(1),
    dim: style(2),
    green: style(32),
    red: style(31),
    cyan: style(36),
  }
  return {
    bold: styles.bold,
    dim: styles.dim,
    line: (text = '') => void out.write(`${text}\n`),
    step: (name) => (live ? liveStep(out, name, styles) : plainStep(out, name)),
  }
}

type Styles = Record<'bold' | 'dim' | 'green' | 'red' | 'cyan', (text: string) => string>

function liveStep(out: WriteStream | NodeJS.WriteStream, name: string, styles: Styles): Step {
  const started = performance.now()
  let progress: Progress = { percentage: 0, message: '' }
  let turn = 0
  const show = (text: string, end = '') => {
    const columns = out.columns || 80
    out.write(`\r\x1b[2K${cut(text, columns - 1)}${end}`)
  }
  const draw = () => {
    const spinner = styles.cyan(SPINNER[turn++ % SPINNER.length] ?? '')
    const percentage = `${Math.floor(progress.percentage)} %`.padStart(5)
    const bar = styles.cyan(barOf(progress.percentage))
    show(`${spinner} ${name.padEnd(NAME_WIDTH)} ${bar} ${percentage}  ${progress.message}`)
  }
  const timer = setInterval(draw, 80)
  const end = (mark: string, outcome: string) => {
    clearInterval(timer)
    const time = styles.dim(seconds(performance.now() - started).padStart(7))
    show(`${mark} ${name.padEnd(NAME_WIDTH)} ${time}  ${outcome}`, '\n')
  }
  draw()
  return {
    update(next) {
      progress = next
      draw()
    },
    done: (outcome) => end(styles.green('✓'), outcome),
    failed: () => end(styles.red('✗'), styles.red(progress.message)),
  }
}

function plainStep(out: NodeJS.WritableStream, name: string): Step {
  const started = performance.now()
  let last = ''
  const say = (text: string) => {
    if (text !== last) out.write(`${name}: ${text}\n`)
    last = text
  }
  return {
    update: ({ percentage, message }) => say(`${Math.floor(percentage)} % ${message}`.trimEnd()),
    done: (outcome) => say(`${outcome} (${seconds(performance.now() - started)})`),
    failed: () => say('failed'),
  }
}

function barOf(percentage: number): string {
  const eighths = Math.round((Math.min(100, Math.max(0, percentage)) / 100) * BAR_WIDTH * 8)
  const whole = '█'.repeat(Math.floor(eighths / 8))
  const part = eighths % 8 === 0 ? '' : EIGHTHS[eighths % 8]
  return `${whole}${part}`.padEnd(BAR_WIDTH, '░')
}

/** Cuts what would wrap; a line that is cut loses its colours. */
function cut(text: string, columns: number): string {
  const plain = stripVTControlCharacters(text)
  return plain.length <= columns ? text : `${plain.slice(0, columns - 1)}…`
}

/** Milliseconds as a person reads them. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
