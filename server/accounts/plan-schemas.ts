import { z } from '@hono/zod-openapi'
import { createSelectSchema } from 'drizzle-zod'
import { BILLING_CYCLES, plans } from '../../db/schema/accounts.ts'
import { text, times } from '../http/schemas.ts'

export const Plan = createSelectSchema(plans, {
  ...times,
  features: z.array(z.string()),
  image_model_choices: z.array(z.string()),
})
  .extend({
    effective_credits: z.int().openapi({
      description:
        'The credits granted in each billing cycle: `included_credits`, or `credits_per_month` if that is not set.',
    }),
  })
  .openapi('Plan')

/** More than any account needs, and small enough that sums do not overflow. */
const MAX_LIMIT = 1_000_000_000
const limit = z.int().min(0).max(MAX_LIMIT)
const money = (digits: number) =>
  z
    .string()
    .regex(new RegExp(`^\\d{1,6}(\\.\\d{1,${digits}})?$`))
    .openapi({ description: `A decimal number with at most ${digits} digits after the point.` })

const limits = {
  max_users: limit.min(1),
  max_sites: limit,
  max_keywords: limit,
  max_clusters: limit,
  max_content_ideas: limit,
  daily_cluster_limit: limit,
  monthly_cluster_ai_credits: limit,
  daily_content_tasks: limit,
  daily_ai_requests: limit,
  monthly_word_count_limit: limit,
  monthly_content_ai_credits: limit,
  monthly_image_count: limit,
  daily_image_generation_limit: limit,
  monthly_image_ai_credits: limit,
  max_images_per_task: z.int().min(1).max(10),
}
const fields = {
  slug: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
    .max(100),
  price: money(2),
  billing_cycle: z.enum(BILLING_CYCLES),
  features: z.array(text(200)).max(50),
  image_model_choices: z.array(text(100)).max(50),
  included_credits: limit.nullable(),
  credits_per_month: limit,
  extra_credit_price: money(4),
  is_active: z.boolean(),
}

export const NewPlan = z.strictObject({
  name: text(100),
  ...z.object(fields).partial().shape,
  ...limits,
})
export const UpdatePlan = z.strictObject({ name: text(100), ...fields, ...limits }).partial()

type Limits = { [name in keyof typeof limits]: number }

/** Returns a limit of the plan that contradicts another one, or null. */
export function contradiction(plan: Limits): { path: keyof Limits; message: string } | null {
  if (plan.daily_image_generation_limit > plan.monthly_image_count) {
    return {
      path: 'daily_image_generation_limit',
      message: 'must not be more than monthly_image_count',
    }
  }
  if (plan.monthly_image_ai_credits < plan.daily_image_generation_limit) {
    return {
      path: 'monthly_image_ai_credits',
      message: 'must cover the images of at least one day (daily_image_generation_limit)',
    }
  }
  return null
}
