import { z } from 'zod'

type JsonSchema = { [key: string]: unknown }

/** Limits that strict mode does not know; said in words, they still reach the model. */
const IN_WORDS: Record<string, (limit: number) => string> = {
  maxLength: (limit) => `at most ${limit} characters`,
  minimum: (limit) => `at least ${limit}`,
  maximum: (limit) => `at most ${limit}`,
}
const LEFT_OUT = new Set(['$schema', 'minLength', ...Object.keys(IN_WORDS)])

/**
 * The JSON Schema of an answer as OpenAI's strict mode takes it: every object closed, every field
 * required, no limits but in the descriptions. The answer is parsed with the zod schema afterwards.
 */
export function strictSchema(schema: z.ZodType): JsonSchema {
  return strict(z.toJSONSchema(schema))
}

function strict(node: unknown): JsonSchema {
  const given = node as JsonSchema
  const result: JsonSchema = {}
  for (const [key, value] of Object.entries(given)) {
    if (LEFT_OUT.has(key)) continue
    if (key === 'properties') result[key] = mapValues(value as JsonSchema, strict)
    else if (key === 'items') result[key] = strict(value)
    else if (key === 'anyOf') result[key] = (value as unknown[]).map(strict)
    else result[key] = value
  }
  const limits = Object.entries(IN_WORDS).flatMap(([key, inWords]) => {
    const limit = given[key]
    return typeof limit === 'number' && Math.abs(limit) < Number.MAX_SAFE_INTEGER
      ? [inWords(limit)]
      : []
  })
  return limits.length > 0 ? { ...result, description: limits.join(', ') } : result
}

function mapValues(object: JsonSchema, map: (value: unknown) => JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]))
}
