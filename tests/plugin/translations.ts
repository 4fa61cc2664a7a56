import * as fs from 'node:fs/promises'
import { join } from 'node:path'

const PLUGIN = join(import.meta.dirname, '../../wp-bridge/plugin/igny8-bridge')
export const LANGUAGES = join(PLUGIN, 'languages')
const TEXT = "'((?:[^'\\\\]|\\\\.)*)'"
const CALL = new RegExp(
  `(?:/\\* (translators: [^*]*?) \\*/[^;]*?)?\\b(?:(?:esc_html|esc_attr)?_[_e]\\(\\s*${TEXT}|_n\\(\\s*${TEXT},\\s*${TEXT},[^\n]*?)\\s*,\\s*'igny8-bridge'\\s*\\)`,
  'g',
)

/** The key of a text in a .mo file: the text, and after a NUL its plural. Its translations likewise. */
export type Translations = Map<string, string>

/**
 * The plugin's texts as a gettext file, in the order of the files, with their translations where there
 * are any. It names no lines: they move.
 */
async function catalogue(header: string, known: Translations): Promise<string> {
  const blocks = [...(await texts())].map(([key, { files, comment }]) => {
    const [text, plural] = key.split('\0')
    const forms = (known.get(key) ?? '').split('\0')
    return [
      ...(comment ? [`#. ${comment}`] : []),
      ...[...files].map((file) => `#: ${file}`),
      `msgid ${JSON.stringify(text)}`,
      ...(plural
        ? [
            `msgid_plural ${JSON.stringify(plural)}`,
            ...[0, 1].map((form) => `msgstr[${form}] ${JSON.stringify(forms[form] ?? '')}`),
          ]
        : [`msgstr ${JSON.stringify(forms[0])}`]),
    ].join('\n')
  })
  const lines = header.split('\n').map((line) => JSON.stringify(`${line}\n`))
  return `${[`msgid ""\nmsgstr ""\n${lines.join('\n')}`, ...blocks].join('\n\n')}\n`
}

const HEADER = [
  'Project-Id-Version: igny8 Bridge',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=UTF-8',
  'Content-Transfer-Encoding: 8bit',
  'X-Domain: igny8-bridge',
].join('\n')

/** The template that translations start from. */
export const template = () => catalogue(HEADER, new Map())

async function texts() {
  const found = new Map<string, { files: Set<string>; comment: string }>()
  const add = (key: string, file: string, comment = '') => {
    const entry = found.get(key) ?? { files: new Set(), comment }
    entry.files.add(file)
    found.set(key, entry)
  }
  const all = await fs.readdir(PLUGIN, { recursive: true })
  for (const file of all.filter((name) => name.endsWith('.php')).sort()) {
    const source = await fs.readFile(join(PLUGIN, file), 'utf8')
    for (const [, field] of source.matchAll(/^ \* (?:Plugin Name|Description): +(.*)$/gm)) {
      add(field!, file)
    }
    for (const [, comment, only, one, many] of source.matchAll(CALL)) {
      const key = only ?? `${one}\0${many}`
      add(key.replace(/\\(['\\])/g, '$1'), file, comment)
    }
  }
  return found
}

/** What a .po file has: its header under the empty text. */
export function readPo(po: string): Translations {
  const found: Translations = new Map()
  const line = '"(?:[^"\\\\]|\\\\.)*"'
  const lines = `((?:${line}\\s*)+)`
  const joined = (some: string) =>
    (some.match(new RegExp(line, 'g')) ?? []).map((one) => JSON.parse(one)).join('')
  const entry = new RegExp(
    `msgid ${lines}(?:msgid_plural ${lines})?((?:msgstr(?:\\[\\d\\])? ${lines})+)`,
    'g',
  )
  for (const [, id, plural, forms] of po.matchAll(entry)) {
    const key = plural === undefined ? joined(id!) : `${joined(id!)}\0${joined(plural)}`
    const translated = forms!.split(/msgstr(?:\[\d\])? /).slice(1)
    found.set(key, translated.map(joined).join('\0'))
  }
  return found
}

/** Whether every form of a text is translated. */
export const isTranslated = (translation: string) => translation.split('\0').every(Boolean)

/** A .mo file, as https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html says. */
export function toMo(translations: Translations): Buffer {
  const pairs = [...translations]
    .filter(([, translation]) => isTranslated(translation))
    .map((pair) => pair.map((text) => Buffer.from(text)))
    .sort(([a], [b]) => Buffer.compare(a!, b!))
  const tables = 28
  const header = Buffer.alloc(tables + pairs.length * 16)
  const numbers = [0x950412de, 0, pairs.length, tables, tables + pairs.length * 8, 0, header.length]
  numbers.forEach((value, at) => {
    header.writeUInt32LE(value, at * 4)
  })
  const bodies: Buffer[] = []
  let offset = header.length
  pairs
    .map(([text]) => text!)
    .concat(pairs.map(([, translation]) => translation!))
    .forEach((text, at) => {
      header.writeUInt32LE(text.length, tables + at * 8)
      header.writeUInt32LE(offset, tables + at * 8 + 4)
      offset += text.length + 1
      bodies.push(text, Buffer.from([0]))
    })
  return Buffer.concat([header, ...bodies])
}

/** A .po file with the plugin's present texts: new ones wait for their translation. */
export function renewed(po: string): Promise<string> {
  const known = readPo(po)
  return catalogue(known.get('')!.trimEnd(), known)
}

/** Writes the template, and renews every .po file and the .mo file that WordPress reads. */
async function write(): Promise<void> {
  await fs.writeFile(join(LANGUAGES, 'igny8-bridge.pot'), await template())
  for (const name of await fs.readdir(LANGUAGES)) {
    if (!name.endsWith('.po')) continue
    const po = await renewed(await fs.readFile(join(LANGUAGES, name), 'utf8'))
    await fs.writeFile(join(LANGUAGES, name), po)
    await fs.writeFile(join(LANGUAGES, name.replace(/\.po$/, '.mo')), toMo(readPo(po)))
  }
}

if (import.meta.main) await write()
