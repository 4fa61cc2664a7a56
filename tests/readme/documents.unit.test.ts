import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../architecture/code-files.ts'
import { README } from './documents.ts'

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8')
const documents = readdirSync(path.join(ROOT, '.github'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `.github/${name}`)
const found = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, name]) => name!)
const missing = (names: string[]) => names.filter((name) => !existsSync(path.join(ROOT, name)))

describe.each(['README.md', ...documents])('%s', (file) => {
  const text = read(file)

  it('names only files and folders that exist', () => {
    expect(missing(found(text, /`((?:\.github|\.ci|[\w-]+)\/[\w./-]*)`/g))).toEqual([])
  })

  it('names only scripts and commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json'))
    const run = found(text, /npm run ([\w:-]+)/g)
    expect(run.filter((name) => !(name in scripts))).toEqual([])
    const commands = found(text, /npx ([\w-]+)/g).map((name) => `node_modules/.bin/${name}`)
    expect(missing(commands)).toEqual([])
  })

  it('links only to files and headings that exist', () => {
    const links = found(text, /\]\(([^)#\s:]+)\)/g)
    expect(missing(links.map((link) => path.join(path.dirname(file), link)))).toEqual([])
    const headings = found(text, /^#+ (.+)$/gm).map(anchorOf)
    expect(found(text, /\]\(#([^)]+)\)/g).filter((name) => !headings.includes(name))).toEqual([])
  })

  it('names constants where they are', () => {
    const named = [...text.matchAll(/`(\w+)` in `([\w./-]+\.ts)`/g)]
    const gone = named.filter(([, name, where]) => !new RegExp(`\\b${name}\\b`).test(read(where!)))
    expect(gone.map(([words]) => words)).toEqual([])
  })
})

it('README names every setting, and no other', () => {
  const known = found(read('server/config.ts'), /^ {2}([A-Z][A-Z0-9_]+): /gm)
  const table = README.slice(README.indexOf('## Settings'), README.indexOf('## Operations'))
  const told = found(table, /^\|([^|]*)\|/gm).flatMap((cell) => found(cell, /`([A-Z][A-Z0-9_]+)`/g))
  expect(told.sort()).toEqual(known.sort())
})

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-')
}
