import { describe, expect, it } from 'vitest'
import type { Kind } from '../wordpress/wordpress-site.ts'
import { runPhpUnit } from './phpunit.ts'

const SEO_PLUGINS = ['yoast', 'rank_math', 'seopress', 'aioseo']
const KINDS: Kind[] = [
  { version: '6.1', database: 'sqlite' },
  { version: '6.5', database: 'mariadb' },
]

/** PHPUnit runs while the tests are collected, so that each of its tests is one here. */
const runs = await Promise.all([
  ...KINDS.map(async (kind) => {
    const name = `the plugin in WordPress ${kind.version} over ${kind.database}`
    return { name, cases: await runPhpUnit({ kind }) }
  }),
  ...SEO_PLUGINS.map(async (seo) => ({ name: `beside ${seo}`, cases: await runPhpUnit({ seo }) })),
])

describe.each(runs)('$name', ({ cases }) => {
  it.each(cases)('$name', ({ failure }) => {
    expect(failure).toBe('')
  })
})
