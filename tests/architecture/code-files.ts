import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The TypeScript and JavaScript below `folders`, relative to the project, sorted, without what is built. */
export function codeFiles(folders: string[]): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.m?[jt]s$/.test(entry.name))
        .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)))
        // Another test may build the client at this moment.
        .filter((file) => !file.startsWith('server/client/dist/')),
    )
    .sort()
}

/** The modules that a file imports, by name; types alone are not imports at run time. */
export function importsOf(file: string): string[] {
  const code = readFileSync(path.join(ROOT, file), 'utf8')
  const statements = code.matchAll(
    /^(?:import|export)\s+(?!type\s)(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/gm,
  )
  return [...statements].map(([, from, dynamic]) => from ?? dynamic ?? '')
}
