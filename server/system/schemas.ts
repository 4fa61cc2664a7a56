import { z } from '@hono/zod-openapi'
import { INTEGRATION_TYPES } from '../../db/schema/system.ts'
import { nullableTime, queryId, text, webUrl } from '../http/schemas.ts'

export const RunParam = z.object({ task_id: queryId })

/** The providers whose settings this version takes. */
export const IntegrationParam = z.object({ type: z.enum(INTEGRATION_TYPES).extract(['openai']) })

const model = text(100)

export const OpenAiConfig = z.strictObject({
  api_key: text(300).optional().openapi({
    description: 'Write-only: read back as its last four characters. Kept when left out.',
  }),
  base_url: webUrl
    .optional()
    .openapi({ description: 'Of any OpenAI-compatible server. Default: OpenAI itself.' }),
  model: model.optional(),
  image_model: model.optional(),
})

export const UpdateIntegration = z.strictObject({
  config: OpenAiConfig,
  is_active: z.boolean().optional(),
})

export const Integration = z
  .object({
    integration_type: z.enum(INTEGRATION_TYPES),
    config: z.object({
      api_key: z.string().nullable(),
      base_url: z.string(),
      model: z.string(),
      image_model: z.string(),
    }),
    is_active: z.boolean(),
    updated_at: nullableTime,
  })
  .openapi('Integration')
