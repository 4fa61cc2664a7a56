import { execFile } from 'node:child_process'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const PLUGIN = join(import.meta.dirname, '../../wp-bridge/plugin/igny8-bridge')

interface Report {
  files: Record<string, { messages: { line: number; message: string; source: string }[] }>
}

it('follows the coding standard', async () => {
  const standard = join(import.meta.dirname, 'phpcs.xml')
  const run = promisify(execFile)('phpcs', [`--standard=${standard}`, '--report=json', PLUGIN])
  // phpcs exits with 1 or 2 if it finds problems, which the report then lists.
  const { stdout } = await run.catch((error: { stdout: string }) => error)
  const { files }: Report = JSON.parse(stdout)
  expect(Object.keys(files)).toContain(join(PLUGIN, 'uninstall.php'))
  const problems = Object.entries(files).flatMap(([file, { messages }]) =>
    messages.map(({ line, message, source }) => {
      return `${relative(PLUGIN, file)}:${line} ${message} (${source})`
    }),
  )
  expect(problems).toEqual([])
})
