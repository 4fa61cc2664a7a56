import { globSync } from 'node:fs'
import { checkSync } from 'recheck'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ROOT } from './code-files.ts'
import { type Pattern, patterns, pluginPatterns } from './patterns.ts'

/** More steps than these a pattern must not take for the longest text that reaches it. */
const MAX_STEPS = 5_000_000
const URL_LENGTH = 500
const KEYWORD_LENGTH = 300

/**
 * Patterns that backtrack, with the most characters that ever reach them. A new one is better
 * written without: anchor it, exclude what begins it from what repeats (`<[^<>]*>`), or cut first.
 */
const BOUNDED: Record<string, number> = {
  'server/ai/runware-task.ts /\\/+$/': URL_LENGTH,
  'server/ai/runware-error.ts /insufficient.*(credit|balance|fund)/i': 200,
  'server/sites/site-link.ts /\\/+$/': URL_LENGTH,
  'server/client/client.ts /\\/+$/': URL_LENGTH,
  'server/publishing/link.ts /\\/+$/': URL_LENGTH,
  'server/ai/local/drafts/generate-content.ts /\\?+$/': KEYWORD_LENGTH,
  'server/ai/local/idea-titles.ts /\\?+$/': KEYWORD_LENGTH,
  'server/ai/local/clustering/name-cluster.ts /^[^\\p{L}\\p{N}]+|[^\\p{L}\\p{N}]+$/gu': 200,
  'server/ai/local/phrase.ts /[\\s,;:–—|&(-]+$/u': 300,
  // A prompt's longest line on a title card.
  'server/ai/local/images/title-card-lines.ts /[\\s,;:.–—-]+$/u': 2_000,
}

/** What is put together at run time, as the worst that it becomes. */
const DYNAMIC: Record<string, RegExp[]> = {
  'server/accounts/plan-schemas.ts': [/^\d{1,6}(\.\d{1,9})?$/],
  'server/formats/csv-cells.ts': [/^'*[=+\-@\t\r\n]/, /^''*[=+\-@\t\r\n]/],
  'server/formats/multipart.ts': [/[;\s]filename="([^"]*)"/i],
  'wp-bridge/client/blocks/insert-links.ts': [/(?<![\p{L}\p{N}])a\s+a\s+a\s+b(?![\p{L}\p{N}])/iuy],
  'wp-bridge/client/publish/marker.ts': [/(?<![\w-])igny8-aaaa-aaaa(?![\w-])/],
  'wp-bridge/client/http/redact-secrets.ts': [/aa(?: |%20|\+)aa(?:\\?\/|%2F)(?:\+|%2B|\\u002b)/g],
}

/** Those of zod's that read what callers send. */
const OF_ZOD = { email: z.regexes.email, datetime: z.regexes.datetime({ offset: true }) }

const name = ({ file, source, flags }: Pattern) => `${file} /${source}/${flags}`

/** How the time of a pattern grows with the text: 1 for linear, 9 for exponential or not known. */
const degrees = new Map<string, number>()
function degreeOf({ source, flags }: { source: string; flags: string }): number {
  const key = `/${source}/${flags}`
  const known = degrees.get(key)
  if (known !== undefined) return known
  const { status, complexity } = checkSync(consuming(source), flags.replace('i', ''), {
    checker: 'automaton',
    timeout: 300_000,
    maxRepeatCount: 300,
    maxPatternSize: 5_000,
    maxNFASize: 200_000,
  })
  const degree = status === 'safe' ? 1 : complexity?.type === 'polynomial' ? complexity.degree : 9
  degrees.set(key, degree)
  return degree
}

/** The checker knows no lookaround: what one looks at is consumed instead, which backtracks no less. */
function consuming(source: string): string {
  return source
    .replaceAll(/\(\?<!\[(.+?)\]\)/g, '(?:^|[^$1])')
    .replaceAll(/\(\?!\[(.+?)\]\)/g, '(?:$|[^$1])')
    .replaceAll('(?=', '(?:')
}

// Without this a second process or a Java machine is looked for.
beforeAll(() => {
  process.env.RECHECK_SYNC_BACKEND = 'pure'
})

describe('regular expressions take time linear in what they read', { timeout: 600_000 }, () => {
  it('in the service, the worker and the bridge client', () => {
    const { literals } = patterns()
    expect(literals.length).toBeGreaterThan(100)
    const backtracking = literals.filter(
      (pattern) => degreeOf(pattern) > 1 && BOUNDED[name(pattern)] === undefined,
    )
    expect(backtracking.map(name)).toEqual([])
  })

  it('or few steps for the longest text that reaches them', () => {
    const { literals } = patterns()
    for (const [bounded, length] of Object.entries(BOUNDED)) {
      const pattern = literals.find((one) => name(one) === bounded)
      expect(pattern, `${bounded} is there no longer`).toBeDefined()
      const degree = degreeOf(pattern!)
      expect(degree, `${bounded} is linear, and need not be listed`).toBeGreaterThan(1)
      expect(length ** degree, bounded).toBeLessThan(MAX_STEPS)
    }
  })

  it('where they are put together at run time', () => {
    const { dynamic } = patterns()
    expect([...new Set(dynamic)].sort()).toEqual(Object.keys(DYNAMIC).sort())
    for (const [file, samples] of Object.entries(DYNAMIC)) {
      expect(dynamic.filter((one) => one === file)).toHaveLength(samples.length)
      for (const sample of samples) expect(degreeOf(sample), `${file} ${sample}`).toBe(1)
    }
  })

  it.each(Object.entries(OF_ZOD))("where zod's %s reads", (_, pattern) => {
    expect(degreeOf(pattern)).toBe(1)
  })

  it('in the plugin', () => {
    const files = globSync('wp-bridge/plugin/**/*.php', { cwd: ROOT })
    const { literals, calls } = pluginPatterns(files)
    expect(calls).toBeGreaterThan(5)
    expect(literals).toHaveLength(calls)
    expect(literals.filter((pattern) => degreeOf(pattern) > 1).map(name)).toEqual([])
  })

  it('by a check that finds those that do not', () => {
    for (const bad of [/<[^>]*>/g, /\s+$/, /(a+)+$/]) expect(degreeOf(bad)).toBeGreaterThan(1)
  })
})
