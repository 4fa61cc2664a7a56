import { z } from '@hono/zod-openapi'
import { INTEGRATION_TYPES, type IntegrationType } from '../../db/schema/integrations.ts'
import { runwareSizeProblem, SIZE } from '../ai/image-models.ts'
import { IMAGE_PROVIDERS } from '../ai/provider.ts'
import { nullableTime, text, webUrl } from '../http/schemas.ts'

export const IntegrationParam = z.object({ type: z.enum(INTEGRATION_TYPES) })
export const NoQuery = z.strictObject({})
/** The integrations that make images. */
export const ImageTypeParam = z.object({
  type: z.enum(INTEGRATION_TYPES).extract(['openai', 'runware', 'image_generation']),
})

const secret = text(2000).nullable().optional().openapi({
  description:
    'Write-only: responses show only the last four characters. Omit it, or send it as shown, to keep it; null deletes it.',
})
const model = text(100).nullable().optional()
const size = z
  .string()
  .regex(SIZE, { error: 'must have the form 1536x1024', abort: true })
  .openapi({ example: '1536x1024' })
const runwareSize = size.refine((value) => runwareSizeProblem(value) === undefined, {
  error: ({ input }) => runwareSizeProblem(String(input)),
})

/** The `config` of each type. An omitted field is kept; null restores the default. */
const CONFIGS = {
  openai: z.strictObject({
    api_key: secret,
    base_url: webUrl.nullable().optional().openapi({
      description:
        'The base URL of any OpenAI-compatible server; OpenAI by default. Send `api_key` together with a new server: the stored key is never sent to another one.',
    }),
    model,
    image_model: model,
  }),
  runware: z.strictObject({
    api_key: secret,
    base_url: webUrl.nullable().optional(),
    model: model.openapi({ description: 'An AIR identifier, for example runware:101@1.' }),
    size: runwareSize.nullable().optional().openapi({
      description:
        'Width × height in pixels, for example 1024x768. Each must be a multiple of 64 from 128 to 2048.',
    }),
  }),
  gsc: z.strictObject({
    client_id: text(300).nullable().optional(),
    client_secret: secret,
    redirect_uri: webUrl.nullable().optional().openapi({
      description: 'The redirect URI of the OAuth client. Default: the callback of this server.',
    }),
    refresh_token: secret,
  }),
  image_generation: z.strictObject({
    provider: z.enum(IMAGE_PROVIDERS).nullable().optional(),
    model: model.openapi({
      description:
        "One of the plan's `image_model_choices`. Default: the model of the provider's integration.",
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

/** The response schema of each type: with defaults and without secrets. */
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
        description:
          'Null: openai if it is active, otherwise runware if it is active, otherwise local.',
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

/** An integration as a response shows it. */
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
    warnings: z
      .array(z.string())
      .openapi({ description: 'What works, but not with the given settings.' }),
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
    cost_usd: z
      .number()
      .nullable()
      .openapi({ description: 'The cost that the provider reported, or null.' }),
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

/** The parameters that are read; Google adds others. */
export const CallbackQuery = z.object({
  state: z.string().regex(/^[1-9]\d{0,15}\.[\w-]{43}$/, 'must be a state that this server issued'),
  code: z.string().min(1).max(2000).optional(),
  error: z.string().max(200).optional(),
})
