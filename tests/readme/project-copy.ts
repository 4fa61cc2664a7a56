import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ROOT } from '../architecture/code-files.ts'

/** A new folder that every user may enter. */
export function openFolder(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `igny8-${name}-`))
  chmodSync(folder, 0o755)
  return folder
}

/** Copies what a clone of the project would have, or what of it lies below `only`, into `folder`. */
export function copyProject(folder: string, only: string[] = []): void {
  const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...only]
  const files = execFileSync('git', list, { cwd: ROOT, encoding: 'utf8' }).split('\0')
  for (const file of files.filter((name) => name && existsSync(path.join(ROOT, name)))) {
    cpSync(path.join(ROOT, file), path.join(folder, file), { recursive: true })
  }
}
