import { z } from '@hono/zod-openapi'
import { createSelectSchema } from 'drizzle-zod'
import { credit_transactions, usage_logs } from '../../db/schema/billing.ts'
import { text, time } from '../http/schemas.ts'

export const Balance = z
  .object({ balance: z.int(), granted: z.int(), charged: z.int(), held: z.int() })
  .openapi('Balance', {
    description: 'Amounts in credits. At any time, balance = granted − charged − held.',
  })
export const Transaction = createSelectSchema(credit_transactions, { created_at: time }).openapi(
  'CreditTransaction',
)
export const UsageLog = createSelectSchema(usage_logs, { created_at: time }).openapi('UsageLog')

const day = z.string().openapi({ format: 'date', description: 'The day in UTC.' })
export const UsageByDay = z
  .object({
    results: z.array(
      z.object({
        day,
        operation: z.string(),
        steps: z.int(),
        tokens_in: z.int(),
        tokens_out: z.int(),
        images: z.int(),
        words: z.int(),
        duration_ms: z.int(),
        cost: z.int(),
      }),
    ),
  })
  .openapi('UsageByDay')
export const TransactionsByDay = z
  .object({
    results: z.array(
      z.object({
        day,
        granted: z.int(),
        held: z.int(),
        charged: z.int(),
        released: z.int(),
      }),
    ),
  })
  .openapi('TransactionsByDay')

export const NewGrant = z.strictObject({
  amount: z.int().min(1).max(10_000_000),
  description: text(300),
  reference: text(200).openapi({
    description:
      'Identifies the grant, such as an invoice number. A reference can be granted only once.',
  }),
})
