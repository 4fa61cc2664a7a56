import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseAst } from 'vitest/node'
import { codeFiles, ROOT } from './code-files.ts'

export type Pattern = { file: string; source: string; flags: string }

type Node = {
  regex?: { pattern: string; flags: string }
  callee?: { name?: string }
}

/** The regular expressions of the product: literals, and where others are put together at run time. */
export function patterns(): { literals: Pattern[]; dynamic: string[] } {
  const literals: Pattern[] = []
  const dynamic: string[] = []
  for (const file of codeFiles(['server', 'jobs', 'wp-bridge/client', 'db'])) {
    const walk = (node: Node): void => {
      if (node.regex) {
        literals.push({ file, source: node.regex.pattern, flags: node.regex.flags })
      }
      if (node.callee?.name === 'RegExp') dynamic.push(file)
      for (const child of Object.values(node))
        if (child && typeof child === 'object') walk(child as Node)
    }
    walk(parseAst(read(file), { lang: file.endsWith('.ts') ? 'ts' : 'js' }) as Node)
  }
  return { literals, dynamic }
}

/** The patterns of the plugin's `preg_` calls, which stand in them as literals or begin with one. */
export function pluginPatterns(files: string[]): { literals: Pattern[]; calls: number } {
  const literals: Pattern[] = []
  let calls = 0
  for (const file of files) {
    const code = read(file)
    calls += code.match(/\bpreg_(?!quote)\w+\(/g)?.length ?? 0
    for (const [, , source = '', flags = ''] of code.matchAll(
      /(?:preg_\w+\(|=)\s*'([#/])((?:(?!\1)[^'\\]|\\.)+)\1?([A-Za-z]*)'/g,
    )) {
      literals.push({ file, source, flags: flags.replace('D', '') })
    }
  }
  return { literals, calls }
}

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
