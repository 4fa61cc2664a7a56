import { expect, it } from 'vitest'
import type { tasks } from '../../db/schema/writer.ts'
import { resolutionOf } from '../../jobs/handlers/publishing/post-draft.ts'

const clash = (field: 'title' | 'content') => ({ field, base: null, ours: 'a', theirs: 'b' })
const task = (clashes: ReturnType<typeof clash>[] | null) => {
  const wanted = { status: 'publish' as const }
  const conflict = clashes && { conflict_id: 'read', clashes, wanted }
  return { publication_key: crypto.randomUUID(), conflict } as typeof tasks.$inferSelect
}
const SCRIPT = '<p>Tea</p><script>alert(1)</script>'
const decided = { conflict_id: 'read', choices: [{ text: SCRIPT }] }

it('turns the content that somebody wrote for a conflict into safe blocks, and leaves a title as text', () => {
  const [content] = resolutionOf(task([clash('content')]), decided)!.choices
  expect(content).toEqual({
    text: expect.stringMatching(/^<!-- wp:paragraph .*<p [^>]*>Tea<\/p>/s),
  })
  expect(JSON.stringify(content)).not.toContain('script')
  expect(resolutionOf(task([clash('title')]), decided)!.choices).toEqual([{ text: SCRIPT }])
})

it('drops a decision on a conflict that the task no longer has', () => {
  expect(resolutionOf(task(null), decided)).toBe(undefined)
  const another = { ...decided, conflict_id: 'an earlier one' }
  expect(resolutionOf(task([clash('content')]), another)).toBe(undefined)
})
