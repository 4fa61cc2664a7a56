import { and, eq, isNotNull } from 'drizzle-orm'
import type { Tx } from '../../db/database.ts'
import { integration_settings } from '../../db/schema/integrations.ts'
import { DomainError } from '../errors.ts'

/** Throws `integration_not_configured` unless the account is connected to Search Console. */
export async function requireGrant(tx: Tx): Promise<void> {
  const [row] = await tx
    .select({ id: integration_settings.id })
    .from(integration_settings)
    .where(
      and(
        eq(integration_settings.integration_type, 'gsc'),
        eq(integration_settings.is_active, true),
        isNotNull(integration_settings.refresh_token),
      ),
    )
  if (!row) throw notConnected()
}

export function notConnected(): DomainError {
  return new DomainError(
    'integration_not_configured',
    'The account is not connected to Search Console. An admin can connect it with POST system/settings/integrations/gsc/connect/.',
  )
}
