import { describe, expect, it } from 'vitest'
import { runPhpUnit } from './phpunit.ts'

const SEO_PLUGINS = ['yoast', 'rank_math', 'seopress', 'aioseo']

/** PHPUnit runs while the tests are collected, so that each of its tests is one here. */
const runs = [
  { name: 'the plugin', cases: await runPhpUnit() },
  ...(await Promise.all(
    SEO_PLUGINS.map(async (seo) => ({ name: `beside ${seo}`, cases: await runPhpUnit(seo) })),
  )),
]

describe.each(runs)('$name', ({ cases }) => {
  it.each(cases)('$name', ({ failure }) => {
    expect(failure).toBe('')
  })
})
