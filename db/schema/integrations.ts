import { boolean, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import { accounts, type Role } from './accounts.ts'
import { id, ref, reference, timestamps } from './columns.ts'

export const INTEGRATION_TYPES = ['openai', 'runware', 'gsc', 'image_generation'] as const
export type IntegrationType = (typeof INTEGRATION_TYPES)[number]

/** `hash` is the hash of the state that the OAuth callback must return. It can be used once. */
export type OauthState = {
  hash: string
  user_id: number
  /** The user's token version at that time; a newer version makes the request invalid. */
  role: Role
  redirect_uri: string
  expires_at: string
}

export const integration_settings = pgTable(
  'integration_settings',
  {
    account_id: ref().notNull(),
    id: id(),
    integration_type: text({ enum: INTEGRATION_TYPES }).notNull(),
    /** Without secrets. */
    config: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** The provider's key, encrypted; read back as its last four characters. */
    api_key: text(),
    api_key_last4: text(),
    /** The OAuth client's secret, encrypted. */
    client_secret: text(),
    client_secret_last4: text(),
    /** The OAuth refresh token, encrypted. */
    refresh_token: text(),
    refresh_token_last4: text(),
    /** The pending OAuth request. */
    oauth_state: jsonb().$type<OauthState>(),
    is_active: boolean().notNull().default(true),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id], [accounts.id]),
    unique('integration_settings_type_key').on(t.account_id, t.integration_type),
  ],
)
