import { z } from '@hono/zod-openapi'
import { createSelectSchema } from 'drizzle-zod'
import { audit_log } from '../../db/schema/accounts.ts'
import { objectId, slug, text, time } from '../http/schemas.ts'

export const AuditEntry = createSelectSchema(audit_log, {
  created_at: time,
  detail: z.record(z.string(), z.unknown()),
}).openapi('AuditEntry')

export const UpdateAccount = z.strictObject({
  name: text(200).optional(),
  plan_id: objectId.optional(),
  owner_id: objectId.optional(),
  slug: slug.optional(),
  status: z.enum(['active', 'trial', 'suspended']).optional(),
  stripe_customer_id: text(255).nullable().optional(),
})
