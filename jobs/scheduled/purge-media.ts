import { randomInt } from 'node:crypto'
import { namedFiles } from '../../server/media/media-names.ts'
import type { WorkerDeps } from '../steps/step.ts'

/** Younger files are skipped, because a file is written before the row that names it. */
const GRACE_MS = 24 * 3_600_000
/** The most files of a folder that a round checks. */
const LIMIT = 1_000

type Deps = Pick<WorkerDeps, 'database' | 'media' | 'logger'>

/**
 * Returns a function that removes unused files of one of the 256 folders; the next call continues with the
 * next folder. A file that is used again meanwhile was stored again, so it is young.
 */
export function openMediaPurge(deps: Deps): () => Promise<number> {
  let folder = randomInt(256)
  let after = ''
  return async () => {
    const name = folder.toString(16).padStart(2, '0')
    const files = await deps.media.list(name, after, LIMIT)
    const old = files.filter(({ at }) => Date.now() - at > GRACE_MS).map(({ path }) => path)
    const removed = old.length > 0 ? await removeUnnamed(deps, old) : 0
    after = files.length < LIMIT ? '' : files.at(-1)!.path
    if (after === '') folder = (folder + 1) % 256
    return removed
  }
}

async function removeUnnamed(deps: Deps, paths: string[]): Promise<number> {
  const named = await namedFiles(deps.database, paths)
  const unnamed = paths.filter((path) => !named.has(path))
  for (const path of unnamed) await deps.media.remove(path)
  if (unnamed.length > 0) deps.logger.info({ files: unnamed.length }, 'image files removed')
  return unnamed.length
}
