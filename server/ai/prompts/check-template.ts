import type { PromptType } from '../../../db/schema/guidance.ts'
import { PLACEHOLDERS, REQUIRED_PLACEHOLDERS } from './placeholders.ts'
import { placeholdersIn } from './render-prompt.ts'

/** What is wrong with a template of this type, as the end of a sentence; undefined when nothing is. */
export function templateFault(type: PromptType, template: string): string | undefined {
  const known = Object.keys(PLACEHOLDERS[type])
  const given = placeholdersIn(template)
  const unknown = given.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    return `has the unknown ${unknown.length === 1 ? 'placeholder' : 'placeholders'} ${braced(unknown.slice(0, 20))}. ${
      known.length > 0 ? `Known are ${braced(known)}` : 'This prompt takes none'
    }; for a name in braces as text, double them`
  }
  const missing = (REQUIRED_PLACEHOLDERS[type] ?? []).filter((name) => !given.includes(name))
  return missing.length > 0 ? `must contain ${braced(missing)}` : undefined
}

const braced = (names: string[]) => names.map((name) => `{${name}}`).join(', ')
