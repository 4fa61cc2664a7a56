import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runMainJob } from './main-job.ts'
import { openTerminal, seconds } from './progress.ts'
import type { Stage } from './stage.ts'
import { runningStage, startStage, stopStage } from './stage-control.ts'

const HELP = `npm run demo              starts igny8 and a WordPress on this machine, turns a list of
                          keywords into three published posts, and keeps both running
npm run demo -- --stop    the same, and stops everything at the end
npm run demo -- stop      stops what an earlier demo keeps running
npm run demo -- --help    this text

--dir FOLDER              where the demo keeps its data (.demo); they are kept when it stops

A demo that runs already is used again. Ctrl-C stops everything.
`

const terminal = openTerminal(process.stdout)
let interrupted = false

async function demo(folder: string, stopsAtEnd: boolean): Promise<void> {
  const started = performance.now()
  terminal.line(terminal.bold('\nigny8: from a keyword list to published posts\n'))
  const stage = runningStage(folder) ?? (await raise(folder))
  const { posts, user } = await runMainJob(stage, terminal)
  terminal.line(`\nPublished in ${seconds(performance.now() - started)}:\n`)
  for (const { title, url } of posts) terminal.line(`  ${terminal.bold(title)}\n  ${url}\n`)
  if (stopsAtEnd) {
    await stopStage(folder)
    terminal.line('Everything is stopped.')
    return
  }
  tellWhatRuns(stage, user)
}

async function raise(folder: string): Promise<Stage> {
  const step = terminal.step('Starting igny8 and WordPress')
  try {
    const stage = await startStage(folder)
    step.done(stage.service)
    return stage
  } catch (error) {
    step.failed()
    throw error
  }
}

function tellWhatRuns(stage: Stage, user: { email: string; password: string }): void {
  const { wordpress, service } = stage
  const row = (name: string, url: string, login: string) =>
    terminal.line(`  ${name.padEnd(10)} ${url.padEnd(34)} ${terminal.dim(login)}`)
  terminal.line('It keeps running:\n')
  row('igny8', `${service}/docs`, `${user.email} / ${user.password}`)
  row('WordPress', `${wordpress.url}/wp-admin/`, `${wordpress.user} / ${wordpress.password}`)
  terminal.line('\nnpm run demo -- stop   stops it; npm run demo runs the job once more.\n')
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stop: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      dir: { type: 'string', default: join(import.meta.dirname, '../../.demo') },
    },
  })
  const folder = resolve(values.dir)
  const [command, ...rest] = positionals
  if (values.help) return terminal.line(HELP)
  if ((command !== undefined && command !== 'stop') || rest.length > 0) {
    throw new Error(`There is no “${positionals.join(' ')}”.\n\n${HELP}`)
  }
  if (command === 'stop') {
    const stopped = await stopStage(folder)
    return terminal.line(stopped ? 'The demo is stopped.' : 'No demo is running.')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, async () => {
      interrupted = true
      terminal.line('\nStopping…')
      await stopStage(folder)
      process.exit(130)
    })
  }
  await demoOrStop(folder, values.stop)
}

/** A demo that failed with --stop leaves nothing running; else what runs is there to look at. */
async function demoOrStop(folder: string, stopsAtEnd: boolean): Promise<void> {
  try {
    await demo(folder, stopsAtEnd)
  } catch (error) {
    // Whatever was under way fails then, and says nothing new.
    if (interrupted) return
    if (stopsAtEnd) await stopStage(folder)
    terminal.line(`\nWhat igny8 logged is in ${join(folder, 'service.log')}.`)
    throw error
  }
}

try {
  await main()
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
