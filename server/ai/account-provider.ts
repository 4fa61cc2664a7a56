import { and, eq } from 'drizzle-orm'
import { integration_settings } from '../../db/schema/system.ts'
import type { Doors, Scope } from '../../db/tenancy.ts'
import type { Secrets } from '../secrets.ts'
import { localProvider } from './local/provider.ts'
import { openaiProvider } from './openai.ts'
import { OPENAI_DEFAULTS } from './openai-settings.ts'
import type { AiProvider } from './provider.ts'

/** Finds the provider an account set up; without one it is `local`. */
export function openProviders(deps: {
  doors: Doors
  secrets: Secrets
  fetch: (url: string, init?: RequestInit) => Promise<Response>
}): (scope: Scope) => Promise<AiProvider> {
  const local = localProvider()
  return async (scope) => {
    const row = await deps.doors.withAccount(
      scope,
      async (tx) => {
        const [found] = await tx
          .select()
          .from(integration_settings)
          .where(
            and(
              eq(integration_settings.integration_type, 'openai'),
              eq(integration_settings.is_active, true),
            ),
          )
        return found
      },
      { readOnly: true },
    )
    if (!row) return local
    const settings = { ...OPENAI_DEFAULTS, ...row.config }
    const place = {
      table: 'integration_settings',
      column: 'api_key',
      accountId: scope.accountId,
      rowId: row.id,
    }
    return openaiProvider({
      // A server of one's own often asks for no key.
      apiKey: row.api_key ? await deps.secrets.open(place, row.api_key) : 'none',
      baseUrl: settings.base_url,
      model: settings.model,
      imageModel: settings.image_model,
      fetch: deps.fetch,
    })
  }
}
