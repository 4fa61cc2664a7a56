import { z } from 'zod'
import { DomainError } from '../errors.ts'

/** The SQLSTATE of triggers that refuse a row beyond a limit of the plan; see db/migrations. */
const LIMIT_REACHED = 'IG429'
const Detail = z.object({ limit: z.string(), limit_value: z.int() })

const WHAT: Record<string, string> = {
  max_users: 'active users',
  max_sites: 'sites',
  max_keywords: 'keywords',
  max_clusters: 'clusters',
  max_content_ideas: 'content ideas',
  max_images_per_task: 'images per task',
  daily_cluster_limit: 'clustering runs per day',
  daily_content_tasks: 'articles per day',
  daily_ai_requests: 'AI requests per day',
  daily_image_generation_limit: 'images per day',
  monthly_cluster_ai_credits: 'credits for clusters and ideas per month',
  monthly_content_ai_credits: 'credits for articles per month',
  monthly_word_count_limit: 'words per month',
  monthly_image_count: 'images per month',
  monthly_image_ai_credits: 'credits for images per month',
}

/** The 429 for a limit of the plan, with its value and the time when it resets. */
export function planLimitReached(
  limit: string,
  limit_value: number,
  resets_at: string | null = null,
): DomainError {
  const next = resets_at
    ? `The limit resets at ${resets_at}. Wait until then, or change to a larger plan.`
    : 'Remove some, or change to a larger plan.'
  return new DomainError(
    'plan_limit_reached',
    `The plan allows ${limit_value} ${WHAT[limit] ?? limit} (${limit}). ${next}`,
    { limit: { limit, limit_value, resets_at } },
  )
}

/** Converts the error of a trigger that checks a limit of the plan; undefined for other errors. */
export function rowLimitReached(error: unknown): DomainError | undefined {
  const { cause } = error as { cause?: unknown }
  const thrown = [error, cause].find(
    (one) => (one as { code?: unknown } | null)?.code === LIMIT_REACHED,
  )
  if (!thrown) return undefined
  const { limit, limit_value } = Detail.parse(JSON.parse((thrown as { detail: string }).detail))
  return planLimitReached(limit, limit_value)
}
