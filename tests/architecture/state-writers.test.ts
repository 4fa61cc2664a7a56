import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { codeFiles, ROOT } from './code-files.ts'

/** The one file that writes a column which is the state of a state machine. */
const OWNERS = [
  { table: 'run_steps', column: 'state', owner: 'server/runs/step-states.ts' },
  { table: 'tasks', column: 'status', owner: 'server/tasks/task-status.ts' },
]

/** The updates in `code` that set the column, or that cannot be read to say whether they do. */
function writersIn(code: string, { table, column }: { table: string; column: string }): string[] {
  const drizzle = [...code.matchAll(new RegExp(`\\.update\\(${table}\\)\\s*\\.set\\(`, 'g'))].map(
    (found) => argumentAt(code, found.index + found[0].length),
  )
  const key = new RegExp(`[{,\\s]${column}\\s*[:,}]`)
  // A variable, or a spread one, may hold the column: only what is written out can be checked.
  const unclear = /^(?!\s*\{)|\.\.\.(?!\()/
  const raw = [
    ...code.matchAll(new RegExp(`\\bupdate\\s+(?:\\$\\{)?${table}\\}?\\s+set\\b([^;\`]*)`, 'gi')),
  ].map(([, rest]) => rest!.split(/\b(?:where|from)\b/i)[0]!)
  const assignment = new RegExp(`(?:^|[\\s,])"?${column}"?\\s*=`)
  return [
    ...drizzle.filter((values) => key.test(values) || unclear.test(values)),
    ...raw.filter((values) => assignment.test(values)),
  ]
}

/** What is in the parentheses that are open at `start`. */
function argumentAt(code: string, start: number): string {
  let depth = 1
  let end = start
  for (; end < code.length && depth > 0; end++) {
    if (code[end] === '(') depth++
    if (code[end] === ')') depth--
  }
  return code.slice(start, end - 1)
}

const migrations = readdirSync(path.join(ROOT, 'db/migrations'))
  .filter((name) => name.endsWith('.sql'))
  .map((name) => `db/migrations/${name}`)
const files = [...codeFiles(['db', 'server', 'jobs']), ...migrations]

describe.each(OWNERS)('$table.$column', ({ table, column, owner }) => {
  it(`is written in ${owner} alone`, () => {
    const others = files
      .filter((file) => file !== owner)
      .flatMap((file) => {
        const code = readFileSync(path.join(ROOT, file), 'utf8')
        return writersIn(code, { table, column }).map((values) => `${file}: ${values.trim()}`)
      })
    expect(
      others,
      `Only ${owner} writes ${table}.${column}, so that every transition can be read in one place.
Call the function there that makes this transition, or add one that says from which state to which.
Other columns may be updated anywhere, in an object that is written out: .update(${table}).set({ … }).`,
    ).toEqual([])
  })

  it('has its writers where this test looks for them', () => {
    const code = readFileSync(path.join(ROOT, owner), 'utf8')
    expect(writersIn(code, { table, column })).not.toEqual([])
  })
})

it.each([
  "tx.update(tasks).set({ status: 'draft' })",
  'tx.update(tasks)\n  .set({ error: null, status })',
  'tx.update(tasks).set(change)',
  'tx.update(tasks).set({ ...change, updated_at: sql`now()` })',
  "sql`update tasks set error = null, status = 'draft' where id = 1`",
  `sql\`update \${tasks} set status = 'draft'\``,
])('finds a writer in %s', (code) => {
  expect(writersIn(code, { table: 'tasks', column: 'status' })).toHaveLength(1)
})

it.each([
  'tx.update(tasks).set({ wp_status: null, ...(url && { post_url: url }) })',
  "sql`update tasks set wp_status = null where status = 'draft'`",
  "tx.update(sites).set({ status: 'active' })",
])('finds none in %s', (code) => {
  expect(writersIn(code, { table: 'tasks', column: 'status' })).toEqual([])
})
