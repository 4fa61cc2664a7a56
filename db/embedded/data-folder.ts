import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { type Account, reachable } from './binaries.ts'

const SHARED = '/var/lib/igny8'

/** The database cannot be started where it is, or is not where it was. The message is one line. */
export class DataFolderError extends Error {}

/**
 * Says which cluster a data folder belongs to: its folder, relative when it is inside, and the
 * identifier that `initdb` gave it.
 */
type Note = { folder: string; system_id: string }

/**
 * The folder of the cluster that belongs to `dataDir`. PostgreSQL refuses to run as root, so root runs it
 * as another user, who may not be able to reach a data folder under a private one; its cluster then
 * lives under /var/lib, named after that folder. Throws `EmbeddedPlaceError` instead of naming an empty
 * place when there was a database before.
 */
export function clusterDir(dataDir: string, account: Account): string {
  fs.mkdirSync(dataDir, { recursive: true, mode: 0o755 })
  const real = fs.realpathSync(dataDir)
  const inside = path.join(real, 'postgres')
  const shared = path.join(SHARED, `postgres-${hash(real)}`)
  const note = readNote(real)
  if (note) return noted(real, note, account)
  if (systemId(inside)) return checked(real, inside, account)
  if (account && systemId(shared)) return shared
  if (fs.existsSync(path.join(real, 'secret_keys'))) {
    throw new DataFolderError(
      `IGNY8_DATA_DIR: ${real} has the keys of a database, secret_keys, but ${inside} with the database is missing. ` +
        'Bring it back, or move secret_keys away to start with an empty database.',
    )
  }
  if (!account || reachable(real)) return inside
  fs.mkdirSync(SHARED, { recursive: true, mode: 0o755 })
  return shared
}

/** Notes where the cluster is, for `clusterDir` to find it there or say that it is gone. */
export function noteCluster(dataDir: string, dir: string): void {
  const real = fs.realpathSync(dataDir)
  const relative = path.relative(real, dir)
  const folder = relative.startsWith('..') ? dir : relative
  const note: Note = { folder, system_id: systemId(dir) ?? '' }
  const text = `${JSON.stringify(note)}\n`
  const file = noteFile(real)
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text) return
  const temporary = `${file}.${process.pid}`
  fs.writeFileSync(temporary, text, { flush: true })
  fs.renameSync(temporary, file)
}

function noted(real: string, note: Note, account: Account): string {
  const dir = path.resolve(real, note.folder)
  const found = systemId(dir)
  if (found === note.system_id) return checked(real, dir, account)
  const wrong = found ? `which has another database (${found})` : 'which is missing'
  throw new DataFolderError(
    `IGNY8_DATA_DIR: the database of ${real} (${note.system_id}) was in ${dir}, ${wrong}. ` +
      `Bring it back, or remove ${noteFile(real)} and secret_keys beside it to start with an empty database.`,
  )
}

/** A folder of the data folder's may have been closed to the user who runs the server. */
function checked(real: string, dir: string, account: Account): string {
  if (!account || !dir.startsWith(real + path.sep) || reachable(real)) return dir
  throw new DataFolderError(
    `IGNY8_DATA_DIR: the database of ${real} is in ${dir}, which the user ${account.user}, who runs PostgreSQL for root, ` +
      'cannot reach. Let others enter every folder on the way to it (chmod o+x).',
  )
}

/** What `initdb` called the cluster in `dir`: the first eight bytes of its control file. */
function systemId(dir: string): string | undefined {
  const file = path.join(dir, 'data', 'global', 'pg_control')
  try {
    return fs.readFileSync(file).readBigUInt64LE().toString()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new DataFolderError(
      `IGNY8_DATA_DIR: the database in ${dir} cannot be read (${code}). Make this process the owner of that folder, or run it as its owner.`,
    )
  }
}

function readNote(real: string): Note | undefined {
  const file = noteFile(real)
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined
}

const noteFile = (real: string) => path.join(real, 'database.json')

const hash = (text: string) => crypto.createHash('sha256').update(text).digest('hex').slice(0, 16)
