import type { Database } from '../../db/database.ts'
import { plans } from '../../db/schema/accounts.ts'
import { ConfigError } from '../config.ts'

/** Throws `ConfigError` if no plan has this slug: registration would fail. */
export async function checkDefaultPlan(database: Database, slug: string): Promise<void> {
  const rows = await database.withPlatform('register', (tx) =>
    tx.select({ slug: plans.slug }).from(plans).orderBy(plans.price, plans.slug),
  )
  const known = rows.map((plan) => plan.slug)
  if (!known.includes(slug)) {
    throw new ConfigError(
      `IGNY8_DEFAULT_PLAN: there is no plan ${JSON.stringify(slug)}; choose one of ${known.join(', ')}`,
    )
  }
}
