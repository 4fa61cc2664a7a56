import { boolean, jsonb, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core'
import { accounts, type Role } from './accounts.ts'
import { id, ref, reference, timestamps } from './columns.ts'

export const INTEGRATION_TYPES = ['openai', 'runware', 'gsc', 'image_generation'] as const
export type IntegrationType = (typeof INTEGRATION_TYPES)[number]

/** `hash` is that of the state which the answer must bring; it is taken once. */
export type OauthState = {
  hash: string
  user_id: number
  /** Of the user then: who has another one meanwhile connects nothing any more. */
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
    /** Of an OAuth client, encrypted. */
    client_secret: text(),
    client_secret_last4: text(),
    /** What the owner of the data granted the OAuth client, encrypted. */
    refresh_token: text(),
    refresh_token_last4: text(),
    /** The grant that was asked for and not answered yet. */
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
