import { eq } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { type IntegrationType, integration_settings } from '../../db/schema/integrations.ts'
import type { IntegrationRow } from '../ai/open-integration.ts'
import { IMAGE_PRICE } from '../billing/prices.ts'
import type { Deps } from '../deps.ts'
import { DomainError } from '../errors.ts'
import { notConnected } from '../google/require-grant.ts'
import type { Caller } from '../http/caller.ts'
import { acceptRun } from '../runs/accept-run.ts'
import { contracts } from '../runs/job-contracts.ts'
import type { TryImage } from './integration-schemas.ts'

/** Starts a free test of an integration with its saved settings, active or not. Returns the run. */
export function acceptConnectionTest(
  deps: Deps,
  caller: Caller,
  type: IntegrationType,
): Promise<number> {
  return deps.database.withAccount(caller.scope, async (tx) => {
    const row = await requireIntegration(tx, type)
    if (type === 'gsc' && !row.refresh_token) throw notConnected()
    const params = { integration_type: type }
    return acceptRun(tx, deps.queue, caller, {
      kind: 'test_connection',
      siteId: null,
      params,
      steps: [{ contract: contracts.test_connection, objectId: row.id, price: 0, params }],
    })
  })
}

/** Starts the generation of one test image, at the price of an image. Returns the run. */
export function acceptImageTest(
  deps: Deps,
  caller: Caller,
  type: Extract<IntegrationType, 'openai' | 'runware' | 'image_generation'>,
  input: z.infer<typeof TryImage>,
): Promise<number> {
  const params = { integration_type: type, ...input }
  return deps.database.withAccount(caller.scope, async (tx) => {
    // image_generation always works: without settings it uses the local provider.
    if (type !== 'image_generation') await requireIntegration(tx, type)
    return acceptRun(tx, deps.queue, caller, {
      kind: 'test_image',
      siteId: null,
      params,
      steps: [
        { contract: contracts.test_image, objectId: caller.accountId, price: IMAGE_PRICE, params },
      ],
    })
  })
}

/** The settings of a type. Throws a 409 if they were never saved. */
export async function requireIntegration(tx: Tx, type: IntegrationType): Promise<IntegrationRow> {
  const [row] = await tx
    .select()
    .from(integration_settings)
    .where(eq(integration_settings.integration_type, type))
  if (row) return row
  throw new DomainError(
    'integration_not_configured',
    `The ${type} integration has no settings yet. Save them with PUT system/settings/integrations/${type}/ first.`,
  )
}
