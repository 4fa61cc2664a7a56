import { defineConfig } from 'vitest/config'

/** The tests that need nothing but `npm ci`: no database, browser, WordPress or PHP. */
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: { include: ['tests/**/*.unit.test.ts'], testTimeout: 60_000, isolate: false },
})
