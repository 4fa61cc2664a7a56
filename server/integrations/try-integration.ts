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
import { testConnectionJob, testImageJob } from '../runs/job-contracts.ts'
import type { TryImage } from './integration-schemas.ts'

/** Accepts that an integration be called as it is saved, active or not. It is free. Returns the run. */
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
      steps: [{ contract: testConnectionJob, objectId: row.id, price: 0, params }],
    })
  })
}

/** Accepts that one image be made: it costs what an image costs. Returns the run. */
export function acceptImageTest(
  deps: Deps,
  caller: Caller,
  type: Extract<IntegrationType, 'openai' | 'runware' | 'image_generation'>,
  input: z.infer<typeof TryImage>,
): Promise<number> {
  const params = { integration_type: type, ...input }
  return deps.database.withAccount(caller.scope, async (tx) => {
    // Without a choice the images are by whoever is there, at least by igny8 itself.
    if (type !== 'image_generation') await requireIntegration(tx, type)
    return acceptRun(tx, deps.queue, caller, {
      kind: 'test_image',
      siteId: null,
      params,
      steps: [{ contract: testImageJob, objectId: caller.accountId, price: IMAGE_PRICE, params }],
    })
  })
}

/** The settings of a type, or a 409 that says to save them. */
export async function requireIntegration(tx: Tx, type: IntegrationType): Promise<IntegrationRow> {
  const [row] = await tx
    .select()
    .from(integration_settings)
    .where(eq(integration_settings.integration_type, type))
  if (row) return row
  throw new DomainError(
    'integration_not_configured',
    `The integration ${type} was never saved. PUT system/settings/integrations/${type}/ first.`,
  )
}
