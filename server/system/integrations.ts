import { eq, sql } from 'drizzle-orm'
import type { z } from 'zod'
import { integration_settings } from '../../db/schema/system.ts'
import type { Tx } from '../../db/tenancy.ts'
import { OPENAI_DEFAULTS } from '../ai/openai-settings.ts'
import { audit } from '../audit.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import type { Integration, UpdateIntegration } from './schemas.ts'

type Row = typeof integration_settings.$inferSelect

/** The account's settings for the provider `openai`, or the defaults, inactive. */
export async function getOpenAi(tx: Tx): Promise<z.infer<typeof Integration>> {
  return shown(await rowOf(tx))
}

async function rowOf(tx: Tx): Promise<Row | undefined> {
  const [row] = await tx
    .select()
    .from(integration_settings)
    .where(eq(integration_settings.integration_type, 'openai'))
  return row
}

function shown(row: Row | undefined): z.infer<typeof Integration> {
  return {
    integration_type: 'openai',
    config: {
      ...OPENAI_DEFAULTS,
      ...row?.config,
      api_key: row?.api_key_last4 ? `…${row.api_key_last4}` : null,
    },
    is_active: row?.is_active ?? false,
    updated_at: row?.updated_at ?? null,
  }
}

/** Replaces the settings; the key is kept when none is given. From then on the account's runs use them. */
export function saveOpenAi(
  deps: Deps,
  caller: Caller,
  input: z.infer<typeof UpdateIntegration>,
): Promise<z.infer<typeof Integration>> {
  const { accountId, userId, requestId } = caller
  const { api_key, ...config } = input.config
  return deps.doors.withAccount(caller.scope, async (tx) => {
    const changes = { config, is_active: input.is_active ?? true, updated_at: sql`now()` }
    const [row] = await tx
      .insert(integration_settings)
      .values({ ...changes, account_id: accountId, integration_type: 'openai' })
      .onConflictDoUpdate({
        target: [integration_settings.account_id, integration_settings.integration_type],
        set: changes,
      })
      .returning({ id: integration_settings.id })
    if (api_key) {
      const place = { table: 'integration_settings', column: 'api_key', accountId, rowId: row!.id }
      await tx
        .update(integration_settings)
        .set({ api_key: await deps.secrets.seal(place, api_key), api_key_last4: api_key.slice(-4) })
        .where(eq(integration_settings.id, row!.id))
    }
    const object = { type: 'integration', id: row!.id }
    await audit(tx, { accountId, userId, requestId, action: 'integration.saved', object })
    return getOpenAi(tx)
  })
}
