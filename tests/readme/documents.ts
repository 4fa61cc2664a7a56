import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from '../architecture/code-files.ts'

export const README = readFileSync(path.join(ROOT, 'README.md'), 'utf8')

/** The commands of README's code block with the info string `sh test=NAME`. */
export function commands(name: string): string {
  const [, code] = new RegExp(`^\`\`\`sh test=${name}\n(.*?)^\`\`\``, 'ms').exec(README) ?? []
  if (!code) throw new Error(`README.md has no code block that begins with \`\`\`sh test=${name}`)
  return code.trim()
}
