import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import { INDUSTRIES } from './industries.ts'
import { plans } from './schema/accounts.ts'
import { industries, industry_sectors } from './schema/sites.ts'

type Plan = typeof plans.$inferInsert

const FREE = {
  name: 'Free',
  slug: 'free',
  features: ['3 sites', 'Local drafts, or your own AI key'],
  max_users: 3,
  max_sites: 3,
  max_keywords: 20_000,
  max_clusters: 1_000,
  max_content_ideas: 2_000,
  daily_cluster_limit: 50,
  monthly_cluster_ai_credits: 2_000,
  daily_content_tasks: 200,
  daily_ai_requests: 2_000,
  monthly_word_count_limit: 500_000,
  monthly_content_ai_credits: 2_000,
  monthly_image_count: 1_000,
  daily_image_generation_limit: 200,
  monthly_image_ai_credits: 1_000,
  max_images_per_task: 4,
  image_model_choices: ['local', 'gpt-image-1', 'dall-e-3', 'runware:100@1', 'runware:101@1'],
  included_credits: 500,
} satisfies Plan

/** `free` and multiples of it. Platform staff can change their limits later. */
const PLANS: Plan[] = [
  FREE,
  larger('Starter', 'starter', '29.00', 5),
  larger('Growth', 'growth', '99.00', 20),
  larger('Agency', 'agency', '399.00', 100),
]

function larger(name: string, slug: string, price: string, times: number): Plan {
  const limits = Object.fromEntries(
    Object.entries(FREE).map(([field, value]) => [
      field,
      typeof value === 'number' && field !== 'max_images_per_task' ? value * times : value,
    ]),
  )
  const features = [`${FREE.max_sites * times} sites`, 'Your own AI key']
  const image_model_choices = ['*']
  return {
    ...FREE,
    ...limits,
    name,
    slug,
    price,
    features,
    image_model_choices,
    extra_credit_price: '0.0200',
  }
}

/** Inserts missing plans and industries. Existing ones are not changed. */
export async function seed(db: PostgresJsDatabase): Promise<void> {
  await db.insert(plans).values(PLANS).onConflictDoNothing()
  const names = Object.keys(INDUSTRIES)
  await db
    .insert(industries)
    .values(names.map((name) => ({ name, slug: slugOf(name) })))
    .onConflictDoNothing()
  const rows = await db.select({ id: industries.id, name: industries.name }).from(industries)
  const sectors = rows.flatMap(({ id, name }) =>
    (INDUSTRIES[name] ?? []).map((sector) => ({
      industry_id: id,
      name: sector,
      slug: slugOf(sector),
    })),
  )
  await db.insert(industry_sectors).values(sectors).onConflictDoNothing()
}

function slugOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('&', 'and')
    .replace(/[^a-z0-9]+/g, '-')
}
