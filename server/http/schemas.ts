import { z } from '@hono/zod-openapi'

const INT32_MAX = 2_147_483_647

/** PostgreSQL cannot store NUL characters, nor unpaired surrogates in JSON. */
export const storable = (value: string) => !value.includes('\0') && value.isWellFormed()
export const NOT_STORABLE = {
  message: 'must not contain a NUL character or an unpaired surrogate',
}

/** Text that PostgreSQL can hold; trimmed. */
export const text = (max: number, min = 1) =>
  z.string().trim().min(min).max(max).refine(storable, NOT_STORABLE)

/** Text that is stored unchanged, such as an article. */
export const longText = (max: number) => z.string().max(max).refine(storable, NOT_STORABLE)

/** The address of a site or a server. */
export const webUrl = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .refine(storable, NOT_STORABLE)

export const objectId = z.int().min(1)
export const count = z.int().min(0).max(INT32_MAX)

/** A time: ISO 8601 in UTC on the wire. */
export const time = z.date().openapi({ type: 'string', format: 'date-time' })

/** A time, or null. */
export const nullableTime = z
  .date()
  .nullable()
  .openapi({ type: ['string', 'null'], format: 'date-time' })

/** The fields every row ends with. */
export const times = { created_at: time, updated_at: time }

const WHOLE = 'must be a whole number'

/** For query strings, where every value is text: only digits are a number, and an empty value is not 0. */
export const queryInt = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value),
    z
      .int({ error: ({ code }) => (code === 'invalid_type' ? WHOLE : undefined) })
      .min(min)
      .max(max),
  )
export const queryId = queryInt(1, Number.MAX_SAFE_INTEGER)
export const queryCount = queryInt(0, INT32_MAX)

export const queryText = text(100)
/** A time with its offset: `2026-01-31T00:00:00Z`. */
export const queryTime = z.iso
  .datetime({ offset: true })
  .transform((value) => new Date(value))
  .openapi({ type: 'string', format: 'date-time' })

export const queryBoolean = z.enum(['true', 'false']).transform((value) => value === 'true')

export const IdParam = z.object({
  id: queryId.openapi({ param: { name: 'id', in: 'path' }, type: 'integer' }),
})

/** The body of a bulk operation. */
const MAX_IDS = 10_000
export const Ids = z.array(objectId).min(1).max(MAX_IDS)
/** The objects of a run. Each becomes a step; all are inserted in one transaction. */
export const RunIds = z.array(objectId).min(1).max(1000)

export const jsonBody = <S extends z.ZodType>(schema: S) => ({
  body: { required: true, content: { 'application/json': { schema } } },
})

export const jsonResponse = <S extends z.ZodType>(description: string, schema: S) => ({
  description,
  content: { 'application/json': { schema } },
})

/** The response to a request that starts a run. */
export const accepted = jsonResponse(
  'The run was accepted. Follow it at system/settings/task_progress/{task_id}/.',
  z
    .object({
      task_id: z
        .int()
        .openapi({ description: 'The ID of the run; see system/settings/task_progress/.' }),
    })
    .openapi('Accepted'),
)

export const slug = z
  .string()
  .max(100)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must consist of lowercase letters, digits and single hyphens')
