import { z } from '@hono/zod-openapi'
import { INTEGRATION_TYPES, type IntegrationType } from '../../db/schema/integrations.ts'
import { runwareSizeProblem, SIZE } from '../ai/image-models.ts'
import { IMAGE_PROVIDERS } from '../ai/provider.ts'
import { nullableTime, text, webUrl } from '../http/schemas.ts'

export const IntegrationParam = z.object({ type: z.enum(INTEGRATION_TYPES) })
export const NoQuery = z.strictObject({})
/** Those that make images. */
export const ImageTypeParam = z.object({
  type: z.enum(INTEGRATION_TYPES).extract(['openai', 'runware', 'image_generation']),
})

const secret = text(2000).nullable().optional().openapi({
  description:
    'Write-only: read back as its last four characters. Kept when left out or sent as it is shown; null forgets it.',
})
const model = text(100).nullable().optional()
const size = z
  .string()
  .regex(SIZE, { error: 'must be such as 1536x1024', abort: true })
  .openapi({ example: '1536x1024' })
const runwareSize = size.refine((value) => runwareSizeProblem(value) === undefined, {
  error: ({ input }) => runwareSizeProblem(String(input)),
})

/** What each type's `config` takes. A field left out stays as it is, null is the default again. */
const CONFIGS = {
  openai: z.strictObject({
    api_key: secret,
    base_url: webUrl.nullable().optional().openapi({
      description:
        'Of any OpenAI-compatible server. Default: OpenAI itself. Another server is not sent the stored key: give api_key with it.',
    }),
    model,
    image_model: model,
  }),
  runware: z.strictObject({
    api_key: secret,
    base_url: webUrl.nullable().optional(),
    model: model.openapi({ description: 'An AIR identifier, such as runware:101@1.' }),
    size: runwareSize.nullable().optional().openapi({
      description: 'Width x height in pixels, each a multiple of 64 from 128 to 2048.',
    }),
  }),
  gsc: z.strictObject({
    client_id: text(300).nullable().optional(),
    client_secret: secret,
    redirect_uri: webUrl.nullable().optional().openapi({
      description: 'Where Google sends the person back. Default: the callback here.',
    }),
    refresh_token: secret,
  }),
  image_generation: z.strictObject({
    provider: z.enum(IMAGE_PROVIDERS).nullable().optional(),
    model: model.openapi({
      description: "One of the plan's image_model_choices. Default: the provider's own model.",
    }),
    size: size.nullable().optional(),
  }),
} satisfies Record<IntegrationType, z.ZodObject>

export type ConfigInput = {
  [field in
    | keyof z.infer<typeof CONFIGS.openai>
    | keyof z.infer<typeof CONFIGS.runware>
    | keyof z.infer<typeof CONFIGS.gsc>
    | keyof z.infer<typeof CONFIGS.image_generation>]?: string | null
}

export const UPDATES = {
  openai: updateOf(CONFIGS.openai),
  runware: updateOf(CONFIGS.runware),
  gsc: updateOf(CONFIGS.gsc),
  image_generation: updateOf(CONFIGS.image_generation),
}

function updateOf<C extends z.ZodObject>(config: C) {
  return z.strictObject({ config: config.optional(), is_active: z.boolean().optional() })
}

const shownSecret = z.string().nullable().openapi({ example: '…1234' })

function shownAs<T extends IntegrationType, C extends z.ZodObject>(
  type: T,
  name: string,
  config: C,
) {
  return z
    .object({
      integration_type: z.literal(type),
      config,
      is_active: z.boolean(),
      updated_at: nullableTime,
    })
    .openapi(name)
}

/** How each type is shown: with its defaults, and no secret. */
export const SHOWN = {
  openai: shownAs(
    'openai',
    'OpenAiIntegration',
    z.object({
      api_key: shownSecret,
      base_url: z.string(),
      model: z.string(),
      image_model: z.string(),
    }),
  ),
  runware: shownAs(
    'runware',
    'RunwareIntegration',
    z.object({ api_key: shownSecret, base_url: z.string(), model: z.string(), size: z.string() }),
  ),
  gsc: shownAs(
    'gsc',
    'SearchConsoleIntegration',
    z.object({
      client_id: z.string().nullable(),
      client_secret: shownSecret,
      redirect_uri: z.string(),
      refresh_token: shownSecret.openapi({ description: 'Null until the account is connected.' }),
    }),
  ),
  image_generation: shownAs(
    'image_generation',
    'ImageGenerationIntegration',
    z.object({
      provider: z.enum(IMAGE_PROVIDERS).nullable().openapi({
        description: 'Null: openai when that is active, else runware when that is, else local.',
      }),
      model: z.string().nullable(),
      size: z.string().nullable(),
    }),
  ),
}

export const Integrations = z.object({
  count: z.int(),
  next: z.null(),
  previous: z.null(),
  results: z.array(
    z.discriminatedUnion('integration_type', [
      SHOWN.openai,
      SHOWN.runware,
      SHOWN.gsc,
      SHOWN.image_generation,
    ]),
  ),
})

/** One integration as it is shown. */
export type ShownIntegration = {
  integration_type: IntegrationType
  config: Record<string, string | null>
  is_active: boolean
  updated_at: Date | null
}

export const Tested = z
  .object({
    integration_type: z.enum(INTEGRATION_TYPES),
    message: z.string(),
    warnings: z.array(z.string()).openapi({ description: 'What works, but not as it is set up.' }),
  })
  .openapi('TestedIntegration')

export const TryImage = z.strictObject({
  prompt: text(2000),
  negative_prompt: text(2000).optional(),
})

export const TriedImage = z
  .object({
    provider: z.enum(IMAGE_PROVIDERS),
    model: z.string(),
    width: z.int(),
    height: z.int(),
    image_url: z.string(),
    cost_usd: z.number().nullable().openapi({ description: 'As the provider says, or null.' }),
  })
  .openapi('TriedImage')

export const Properties = z
  .object({
    properties: z.array(z.object({ site_url: z.string(), permission_level: z.string() })),
  })
  .openapi('SearchConsoleProperties')

export const Connect = z
  .object({ authorize_url: z.string(), expires_at: z.string() })
  .openapi('SearchConsoleConnect')

/** What Google adds beside these is not looked at. */
export const CallbackQuery = z.object({
  state: z.string().regex(/^[1-9]\d{0,15}\.[\w-]{43}$/, 'is not a state that was handed out here'),
  code: z.string().min(1).max(2000).optional(),
  error: z.string().max(200).optional(),
})
