import { execFile } from 'node:child_process'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseFragment } from 'parse5'
import { installBridge } from '../wordpress/bridge.ts'
import { startDatabase } from '../wordpress/wordpress-database.ts'
import { type Kind, layOutSite, runPhp, USUAL } from '../wordpress/wordpress-site.ts'

export interface PhpCase {
  name: string
  /** Empty when the test passed. */
  failure: string
}

/**
 * Runs this folder's tests by PHPUnit in a real WordPress of their own, with the plugin in it.
 * @param options.kind which WordPress, over what
 * @param options.seo a fixture of `seo/` to install beside it: then its tests alone are run
 * @throws when PHPUnit breaks off, with what it printed
 */
export async function runPhpUnit({
  kind = USUAL,
  seo,
}: {
  kind?: Kind
  seo?: string
} = {}): Promise<PhpCase[]> {
  const dir = await fs.mkdtemp(join(tmpdir(), 'igny8-phpunit-'))
  const site = await layOutSite(dir, '', kind)
  const database = await startDatabase(dir, kind.database)
  try {
    const root = join(dir, 'site')
    await installBridge(root, (code) => runPhp(site, code))
    if (seo) {
      const fixture = join(import.meta.dirname, 'seo', `${seo}.php`)
      await fs.copyFile(fixture, join(root, 'wp-content/mu-plugins', `${seo}.php`))
    }
    return await runTests(root, join(dir, 'report.xml'), seo)
  } finally {
    await database.stop()
    await fs.rm(dir, { recursive: true, force: true })
  }
}

async function runTests(root: string, report: string, seo?: string): Promise<PhpCase[]> {
  const here = import.meta.dirname
  const group = [seo ? '--group' : '--exclude-group', 'seo']
  const args = [
    '--no-configuration',
    '--do-not-cache-result',
    '--bootstrap',
    join(here, 'bootstrap.php'),
    ...group,
  ]
  const run = promisify(execFile)('phpunit', [...args, '--log-junit', report, here], {
    env: { ...process.env, IGNY8_WORDPRESS: root, IGNY8_SEO: seo ?? '' },
  })
  // Its exit code tells of failed tests too: the report tells which.
  const printed = await run.catch((error: { stdout?: string; stderr?: string }) => error)
  const cases = casesOf(await fs.readFile(report, 'utf8').catch(() => ''))
  if (cases.length === 0) throw new Error(`PHPUnit: ${printed.stdout}${printed.stderr}`)
  return cases
}

function casesOf(xml: string): PhpCase[] {
  return [...xml.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, name = '', inside = '']) => ({
      name: plain(name)
        .replace(/^test_/, '')
        .replaceAll('_', ' '),
      failure: plain(inside.replace(/<system-out>.*?<\/system-out>/gs, '')).trim(),
    }),
  )
}

/** Text without its entities. */
function plain(xml: string): string {
  const text = (node: { childNodes?: unknown[]; value?: string }): string =>
    node.value ?? (node.childNodes ?? []).map((child) => text(child as typeof node)).join('')
  return text(parseFragment(xml))
}
