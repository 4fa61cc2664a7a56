import { describe, expect, it } from 'vitest'
import type { Kind } from '../wordpress/wordpress-site.ts'
import { runPhpUnit } from './phpunit.ts'

const SEO_PLUGINS = ['yoast', 'rank_math', 'seopress', 'aioseo']
const PLACES: { version: Kind['version']; database: Kind['database']; php?: '7.4' | '8.4' }[] = [
  { version: '6.1', database: 'sqlite' },
  { version: '6.5', database: 'mariadb' },
  { version: '6.1', database: 'sqlite', php: '7.4' },
  { version: '6.5', database: 'sqlite', php: '8.4' },
]

/** PHPUnit runs while the tests are collected, so that each of its tests is one here. */
const runs = await Promise.all([
  ...PLACES.map(async ({ php, ...kind }) => {
    const name = `the plugin in WordPress ${kind.version} over ${kind.database}`
    return { name: php ? `${name}, by PHP ${php}` : name, cases: await runPhpUnit({ kind, php }) }
  }),
  ...SEO_PLUGINS.map(async (seo) => ({ name: `beside ${seo}`, cases: await runPhpUnit({ seo }) })),
])

describe.each(runs)('$name', ({ cases }) => {
  it.each(cases)('$name', ({ failure }) => {
    expect(failure).toBe('')
  })
})
