import { z } from 'zod'
import { DomainError } from '../errors.ts'

/** The SQLSTATE by which triggers refuse a row past a limit of the plan; see db/migrations. */
const LIMIT_REACHED = 'IG429'
const Detail = z.object({ limit: z.string(), limit_value: z.int() })

const WHAT: Record<string, string> = {
  max_users: 'active users',
  max_sites: 'sites',
  max_keywords: 'keywords',
  max_clusters: 'clusters',
  max_content_ideas: 'content ideas',
  max_images_per_task: 'images a task',
  daily_cluster_limit: 'clusterings a day',
  daily_content_tasks: 'articles a day',
  daily_ai_requests: 'requests to AI a day',
  daily_image_generation_limit: 'images a day',
  monthly_cluster_ai_credits: 'credits for clusters and ideas a month',
  monthly_content_ai_credits: 'credits for articles a month',
  monthly_word_count_limit: 'words a month',
  monthly_image_count: 'images a month',
  monthly_image_ai_credits: 'credits for images a month',
}

/** A limit of the plan would be passed: which, its value, and when it resets. */
export function planLimitReached(
  limit: string,
  limit_value: number,
  resets_at: string | null = null,
): DomainError {
  const next = resets_at
    ? `More can be had from ${resets_at}, or with a larger plan.`
    : 'Remove some, or take a larger plan.'
  return new DomainError(
    'plan_limit_reached',
    `The plan allows ${limit_value} ${WHAT[limit] ?? limit} (${limit}). ${next}`,
    { limit: { limit, limit_value, resets_at } },
  )
}

/** What the database says when it refuses a row for a limit of the plan; undefined for other errors. */
export function rowLimitReached(error: unknown): DomainError | undefined {
  const { cause } = error as { cause?: unknown }
  const thrown = [error, cause].find(
    (one) => (one as { code?: unknown } | null)?.code === LIMIT_REACHED,
  )
  if (!thrown) return undefined
  const { limit, limit_value } = Detail.parse(JSON.parse((thrown as { detail: string }).detail))
  return planLimitReached(limit, limit_value)
}
