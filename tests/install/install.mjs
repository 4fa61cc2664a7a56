// Makes a fresh checkout ready to run its demo and tests: npm packages (among them the Node that
// runs TypeScript), PHP, Debian’s WordPress and, with --tests, a browser, PHPUnit, PHP_CodeSniffer,
// MariaDB, PgBouncer, a newer WordPress and other PHPs. Plain JavaScript with Node’s own modules alone, because it runs on Node 20 before anything is installed.
import {
  ensureChromium,
  ensureMariaDb,
  ensurePgBouncer,
  ensurePhp,
  ensurePhpCodeSniffer,
  ensurePhpUnit,
} from './debian.mjs'
import { ensureNodeModules } from './node-modules.mjs'
import { ensureOtherPhps } from './php.mjs'
import { InstallError } from './run.mjs'
import { ensureWordPressCore } from './wordpress.mjs'

try {
  await ensureNodeModules()
  await ensurePhp()
  await ensureWordPressCore('6.1')
  if (process.argv.includes('--tests')) {
    await ensureChromium()
    await ensurePhpUnit()
    await ensurePhpCodeSniffer()
    await ensureMariaDb()
    await ensurePgBouncer()
    await ensureWordPressCore('6.5')
    await ensureOtherPhps()
  }
} catch (error) {
  if (!(error instanceof InstallError)) throw error
  process.stderr.write(`install: ${error.message}\n`)
  process.exitCode = 1
}
