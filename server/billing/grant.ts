import { and, eq } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { credit_transactions } from '../../db/schema/billing.ts'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { audit } from '../observability/audit.ts'
import { grantCredits } from './credits.ts'
import type { NewGrant } from './schemas.ts'

/** Grants credits to the account that platform staff act in. A repeated request grants nothing more. */
export function grantByStaff(deps: Deps, caller: Caller, input: z.infer<typeof NewGrant>) {
  const { accountId } = caller
  const reference = `staff:${input.reference}`
  return deps.database.withStaff(caller.scope, async (tx) => {
    const isNew = await grantCredits(tx, { accountId, ...input, reference })
    const transaction = await byReference(tx, accountId, reference)
    if (isNew) {
      const detail = { amount: input.amount, reference: input.reference }
      await audit(tx, caller, 'credits.granted', { detail })
    }
    return { transaction, isNew }
  })
}

async function byReference(tx: Tx, accountId: number, reference: string) {
  const [found] = await tx
    .select()
    .from(credit_transactions)
    .where(
      and(
        eq(credit_transactions.account_id, accountId),
        eq(credit_transactions.reference, reference),
      ),
    )
  return found!
}
