import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { codeFiles, ROOT } from './code-files.ts'

/** Wordings that readers must read twice, each with the plain form to write instead. */
const MANNERISMS: [pattern: RegExp, plain: string][] = [
  [/\banew\b/i, 'again'],
  [/\bby and by\b/i, 'later, or gradually'],
  [/\bwhoever\b/i, 'the person who, or anyone who'],
  [/\bas (?:it|they) stands?\b/i, 'the current …, or unchanged'],
  [/(?<!\bthere )\b(?:is|are) none\b/i, 'is not one'],
  [/(?<!\bthere )\b(?:is|are) no (?!longer\b|more\b|better\b|other\b)[a-z]/i, 'is not a …'],
  [/\bso many-th\b/i, 'the nth, or each'],
  [/\bfor (?:ever|so long)\b/i, 'forever, or the time in numbers'],
  [/\bseldom\b/i, 'rarely, or less often'],
  [/\bmend(?:s|ed)?\b/i, 'fix'],
  [/\bpassed over\b/i, 'skipped'],
  [/\bof (?:theirs|its own accord)\b/i, 'their …, or by itself'],
  [/\b(?:lest|thereof|wherein|whereof|upon|hitherto)\b/i, 'a word of today'],
]

const CODE = ['server', 'jobs', 'db', 'wp-bridge/client', 'tests']
const DOCUMENTS = ['README.md', '.github/**/*.md', '.github/**/*.yml']
/** Texts that are data: articles of the local provider, prompts for models, and samples in tests. */
const DATA = /^server\/ai\/(?:local|prompts)\/|^tests\/(?:publishing|wordpress|plugin|php)\//
const SELF = 'tests/architecture/prose.unit.test.ts'

function proseFiles(): string[] {
  const all = [...codeFiles(CODE), ...globSync(DOCUMENTS, { cwd: ROOT })]
  return all.filter((file) => !DATA.test(file) && file !== SELF)
}

function mannerismsIn(text: string): { line: number; said: string; plain: string }[] {
  return text.split('\n').flatMap((content, index) =>
    MANNERISMS.flatMap(([pattern, plain]) => {
      const found = pattern.exec(content)
      return found ? [{ line: index + 1, said: found[0], plain }] : []
    }),
  )
}

it('finds no mannerisms in comments, texts, test names and documents', () => {
  const files = proseFiles()
  expect(files.length).toBeGreaterThan(300)
  const findings = files.flatMap((file) =>
    mannerismsIn(readFileSync(path.join(ROOT, file), 'utf8')).map(
      ({ line, said, plain }) => `${file}:${line} says "${said}"; write: ${plain}`,
    ),
  )
  expect(findings).toEqual([])
})

it.each([
  ['is none', 'a key that is none'],
  ['is no H', 'the answer is no HTTP'],
  ['Whoever', 'Whoever signs in there'],
])('reports "%s"', (said, text) => {
  expect(mannerismsIn(`plain\n${text}`)).toEqual([
    expect.objectContaining({ line: 2, said: expect.stringContaining(said) }),
  ])
})

it('accepts plain forms that look alike', () => {
  for (const text of [
    'null if there is none',
    'there is no plan',
    'is no longer valid',
    'forever',
  ]) {
    expect(mannerismsIn(text)).toEqual([])
  }
})
