import { eq, getTableColumns, sql } from 'drizzle-orm'
import type { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { plans } from '../../db/schema/accounts.ts'
import { DomainError, invalid, notFound } from '../errors.ts'
import { slugOf } from '../formats/slug.ts'
import { isForeignKeyViolation, isUniqueViolation } from '../http/database-errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryBoolean } from '../http/schemas.ts'
import { contradiction, type NewPlan, type UpdatePlan } from './plan-schemas.ts'

const selection = {
  ...getTableColumns(plans),
  effective_credits: sql`coalesce(${plans.included_credits}, ${plans.credits_per_month})`
    .mapWith(Number)
    .as('effective_credits'),
}

const ORDERINGS = { id: plans.id, name: plans.name, price: plans.price }
export const PlanQuery = listQuery(ORDERINGS, { is_active: queryBoolean.optional() })

/** Lists active plans unless `is_active` asks for the others. */
export function listPlans(tx: Tx, url: string, query: z.infer<typeof PlanQuery>) {
  const { is_active = true } = query
  return listPage(tx, {
    url,
    query,
    orderings: ORDERINGS,
    defaultOrdering: 'id',
    from: plans,
    rows: tx.select(selection).from(plans).$dynamic(),
    where: [contains(plans.name, query.search), ...equalTo(plans, { is_active })],
  })
}

export async function getPlan(tx: Tx, id: number) {
  const [plan] = await tx.select(selection).from(plans).where(eq(plans.id, id))
  if (!plan) throw notFound()
  return plan
}

/** Returns the new plan's id. */
export async function createPlan(tx: Tx, input: z.infer<typeof NewPlan>): Promise<number> {
  refuseContradiction(input)
  const slug = input.slug ?? slugOf(input.name, 'plan')
  const [plan] = await tx
    .insert(plans)
    .values({ ...input, slug })
    .onConflictDoNothing()
    .returning({ id: plans.id })
  if (!plan) throw slugTaken(slug)
  return plan.id
}

/** Lowering a limit removes nothing: it only refuses additions until usage is below it. */
export async function updatePlan(
  tx: Tx,
  before: typeof plans.$inferSelect,
  input: z.infer<typeof UpdatePlan>,
): Promise<void> {
  refuseContradiction({ ...before, ...input })
  try {
    await tx
      .update(plans)
      .set({ ...input, updated_at: sql`now()` })
      .where(eq(plans.id, before.id))
  } catch (error) {
    throw isUniqueViolation(error) ? slugTaken(input.slug ?? '') : error
  }
}

export async function deletePlan(tx: Tx, id: number): Promise<void> {
  try {
    await tx.delete(plans).where(eq(plans.id, id))
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error
    throw new DomainError(
      'wrong_state',
      'Accounts use this plan, so it cannot be deleted. Set is_active to false instead.',
    )
  }
}

function refuseContradiction(plan: Parameters<typeof contradiction>[0]): void {
  const found = contradiction(plan)
  if (found) throw invalid(found.path, found.message)
}

function slugTaken(slug: string): DomainError {
  return new DomainError(
    'already_exists',
    `Another plan uses the slug "${slug}". Choose another one.`,
    {
      errors: [{ path: 'slug', message: 'is taken' }],
    },
  )
}
