// Runs a PHP of another version as `php` would: other-php.mjs FOLDER VERSION MOUNTED[:MOUNTED…] ARGUMENT…
// FOLDER is what install-php.mjs made; of the machine's files this PHP sees the mounted folders alone.
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

const [folder = '', version = '', mounted = '', ...args] = process.argv.slice(2)
const load = (/** @type {string} */ name) => import(join(folder, 'node_modules/@php-wasm', name))
const { loadPHPRuntime, PHP } = await load('universal/index.js')
const { createSpawnHandler } = await load('util/index.js')
const { getPHPLoaderModule } = await load(`node-${version.replace('.', '-')}/index.js`)

/** No program can be started from within, as PHPUnit tries to learn how wide the terminal is. */
const notFound = createSpawnHandler(
  async (/** @type {unknown} */ _command, /** @type {{ exit(code: number): void }} */ program) => {
    await pause(1)
    program.exit(127)
  },
)

const php = new PHP(await loadPHPRuntime(await getPHPLoaderModule()))
await php.setSpawnHandler(notFound)
for (const root of mounted.split(':')) {
  php.mkdir(root)
  await php.mount(root, async (/** @type {unknown} */ _php, /** @type {any} */ files) => {
    files.mount(files.filesystems.NODEFS, { root }, root)
    return () => files.unmount(root)
  })
}
const answer = await php.cli(['php', ...args], { env: { ...process.env } })
for (const name of ['stdout', 'stderr']) {
  const to = name === 'stdout' ? process.stdout : process.stderr
  void answer[name].pipeTo(new WritableStream({ write: (chunk) => void to.write(chunk) }))
}
process.exitCode = await answer.exitCode
