import type { z } from 'zod'

/** How zod's own messages begin. Messages that a schema sets are used unchanged. */
const ZODS_OWN = /^(Invalid|Too small|Too big)\b/
const KINDS: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}
const FORMATS: Record<string, string> = {
  email: 'an email address',
  url: 'a web address, such as https://example.com',
  datetime: 'a time with an offset, such as 2026-01-31T00:00:00Z',
  date: 'a date, such as 2026-01-31',
}

const HAVE_LENGTH = new Set(['string', 'array'])

/** What is wrong with a field, to be read after its name: `must have at least 10 characters`. */
export function fieldSentence(issue: z.core.$ZodIssue): string {
  if (!ZODS_OWN.test(issue.message)) return issue.message
  switch (issue.code) {
    case 'invalid_type':
      if (issue.message.endsWith('received undefined')) return 'is required'
      return `must be ${KINDS[issue.expected] ?? issue.expected}`
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`
    case 'invalid_format':
      return issue.format in FORMATS ? `must be ${FORMATS[issue.format]}` : issue.message
    case 'too_small':
      if (issue.minimum === 1 && HAVE_LENGTH.has(issue.origin)) return 'must not be empty'
      return bounded(issue.origin, `at least ${issue.minimum}`)
    case 'too_big':
      return bounded(issue.origin, `at most ${issue.maximum}`)
    default:
      return issue.message
  }
}

function bounded(origin: string, bound: string): string {
  if (origin === 'string') return `must have ${bound} characters`
  return origin === 'array' ? `must have ${bound} entries` : `must be ${bound}`
}
