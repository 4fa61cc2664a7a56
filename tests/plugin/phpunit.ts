import { execFile } from 'node:child_process'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseFragment } from 'parse5'
import { ensureOtherPhps } from '../install/php.mjs'
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
 * @param options.php another PHP than the machine's, which runs the tests over SQLite alone
 * @param options.seo a fixture of `seo/` to install beside it: then its tests alone are run
 * @throws when PHPUnit breaks off, with what it printed
 */
export async function runPhpUnit({
  kind = USUAL,
  php,
  seo,
}: {
  kind?: Kind
  php?: '7.4' | '8.4'
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
    return await runTests(dir, { php, seo })
  } finally {
    await database.stop()
    await fs.rm(dir, { recursive: true, force: true })
  }
}

async function runTests(
  dir: string,
  { php, seo }: { php: string | undefined; seo: string | undefined },
): Promise<PhpCase[]> {
  const here = import.meta.dirname
  const report = join(dir, 'report.xml')
  const command = [
    ...(php ? await otherPhp(php, [dir, join(here, '../..')]) : ['php']),
    '/usr/bin/phpunit',
    '--no-configuration',
    '--do-not-cache-result',
    ...['--bootstrap', join(here, 'bootstrap.php')],
    ...[seo ? '--group' : '--exclude-group', 'seo'],
    ...['--log-junit', report],
    here,
  ]
  const [program = '', ...args] = command
  const run = promisify(execFile)(program, args, {
    env: {
      ...process.env,
      IGNY8_WORDPRESS: join(dir, 'site'),
      IGNY8_SEO: seo ?? '',
      IGNY8_PHP: php ?? '',
    },
  })
  // Its exit code tells of failed tests too: the report tells which.
  const printed = await run.catch((error: { stdout?: string; stderr?: string }) => error)
  const cases = casesOf(await fs.readFile(report, 'utf8').catch(() => ''))
  if (cases.length === 0) throw new Error(`PHPUnit: ${printed.stdout}${printed.stderr}`)
  return cases
}

/** The beginning of a command line that runs a script by that PHP, which sees these folders and PHPUnit's. */
async function otherPhp(version: string, folders: string[]): Promise<string[]> {
  const script = join(import.meta.dirname, 'other-php.mjs')
  const mounted = [...folders, '/usr/bin', '/usr/share/php'].join(':')
  const settings = ['include_path=/usr/share/php', 'memory_limit=512M']
  return [
    ...[process.execPath, script, await ensureOtherPhps(), version, mounted],
    ...settings.flatMap((setting) => ['-d', setting]),
  ]
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
