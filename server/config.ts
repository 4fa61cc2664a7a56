import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import type { Bucket } from './media/s3.ts'

const hostPort = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+):\d{1,5}$/i
const origin = /^(\*|https?:\/\/[^/\s]+)$/
const isNetwork = (text: string) => ipaddr.isValid(text) || ipaddr.isValidCIDR(text)
const perMinute = z.coerce.number().int().min(0)
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  )

const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  IGNY8_DATA_DIR: z.string().min(1).default('./.data'),
  IGNY8_ROLE: z.enum(['all', 'api', 'worker']).default('all'),
  IGNY8_SECRET_KEYS: list.refine((keys) => keys.every((key) => key.length >= 32), {
    message: 'each key must have at least 32 characters',
  }),
  IGNY8_REGISTRATION: z.enum(['open', 'closed']).default('open'),
  IGNY8_ALLOW_PRIVATE_SITES: list.refine((items) => items.every((item) => hostPort.test(item)), {
    message: 'each entry must be host:port',
  }),
  IGNY8_DEFAULT_PLAN: z.string().min(1).default('free'),
  IGNY8_RATE_LIMIT_ACCOUNT: perMinute.default(30_000),
  IGNY8_RATE_LIMIT_ADDRESS: perMinute.default(60_000),
  IGNY8_TRUSTED_PROXIES: list.refine((items) => items.every(isNetwork), {
    message: 'each entry must be an address or a network such as 10.0.0.0/8',
  }),
  IGNY8_S3_URL: z.url({ protocol: /^https?$/ }).optional(),
  IGNY8_S3_REGION: z.string().min(1).default('auto'),
  IGNY8_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
  IGNY8_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  IGNY8_CORS_ORIGINS: list.refine((items) => items.every((item) => origin.test(item)), {
    message: 'each entry must be an origin such as https://app.example.com, or *',
  }),
})

export type Config = {
  port: number
  host: string
  publicUrl: string | undefined
  /** Undefined: the service runs its own PostgreSQL under `dataDir`. */
  databaseUrl: string | undefined
  dataDir: string
  role: 'all' | 'api' | 'worker'
  /** Newest first. Empty: the keys are generated into the data folder. */
  secretKeys: string[]
  registration: 'open' | 'closed'
  allowPrivateSites: string[]
  defaultPlan: string
  /** Requests a minute; 0 sets no limit. */
  rateLimits: { account: number; address: number }
  /** Addresses and networks whose X-Forwarded-For is trusted. */
  trustedProxies: string[]
  /** Origins whose pages may call the API from a browser. */
  corsOrigins: string[]
  /** Where image files are stored. Undefined: under `dataDir`. */
  bucket: Bucket | undefined
}

/** A setting that the service cannot start with; the message is one line that names it. */
export class ConfigError extends Error {}

/** Reads the environment. Throws `ConfigError` for the first invalid setting. */
export function readConfig(environment: Record<string, unknown>): Config {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(set)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new ConfigError(`${String(issue?.path[0])}: ${issue?.message}`)
  }
  const env = parsed.data
  if (env.DATABASE_URL && env.IGNY8_SECRET_KEYS.length === 0) {
    throw new ConfigError('IGNY8_SECRET_KEYS: required with DATABASE_URL (openssl rand -base64 32)')
  }
  return {
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL?.replace(/\/$/, ''),
    databaseUrl: env.DATABASE_URL,
    dataDir: env.IGNY8_DATA_DIR,
    role: env.IGNY8_ROLE,
    secretKeys: env.IGNY8_SECRET_KEYS,
    registration: env.IGNY8_REGISTRATION,
    allowPrivateSites: env.IGNY8_ALLOW_PRIVATE_SITES,
    defaultPlan: env.IGNY8_DEFAULT_PLAN,
    rateLimits: {
      account: env.IGNY8_RATE_LIMIT_ACCOUNT,
      address: env.IGNY8_RATE_LIMIT_ADDRESS,
    },
    trustedProxies: env.IGNY8_TRUSTED_PROXIES,
    corsOrigins: env.IGNY8_CORS_ORIGINS,
    bucket: bucketOf(env),
  }
}

function bucketOf(env: z.infer<typeof Environment>): Bucket | undefined {
  if (!env.IGNY8_S3_URL) return undefined
  for (const name of ['IGNY8_S3_ACCESS_KEY_ID', 'IGNY8_S3_SECRET_ACCESS_KEY'] as const) {
    if (!env[name]) throw new ConfigError(`${name}: required with IGNY8_S3_URL`)
  }
  return {
    url: env.IGNY8_S3_URL.replace(/\/$/, ''),
    region: env.IGNY8_S3_REGION,
    accessKeyId: env.IGNY8_S3_ACCESS_KEY_ID!,
    secretAccessKey: env.IGNY8_S3_SECRET_ACCESS_KEY!,
  }
}
