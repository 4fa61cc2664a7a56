import { z } from '@hono/zod-openapi'
import { createSelectSchema } from 'drizzle-zod'
import { CONTENT_STRUCTURES, CONTENT_TYPES } from '../../db/schema/planner.ts'
import { content, images, tasks } from '../../db/schema/writer.ts'
import { Ids, longText, nullableTime, objectId, RunIds, text, times } from '../http/schemas.ts'
import { articleProblem, MAX_ARTICLE } from '../tasks/check-article.ts'
import { SETTABLE_STATUSES } from '../tasks/task-status.ts'
import { articleIn } from './article-html.ts'

const MAX_KEYWORDS = 100
/** As many as `extractImagePrompts` of a provider can make. */
const MAX_IMAGES = 10

export const TaskRow = createSelectSchema(tasks, {
  ...times,
  published_at: nullableTime,
  wp_edited_at: nullableTime,
  approved_at: nullableTime,
  error: z.object({ code: z.string(), message: z.string(), at: z.string() }).nullable(),
})
  .omit({ verify_at: true, verifications: true, conflict: true, wp_told_at: true })
  .extend({
    keyword_objects: z.array(z.int()).openapi({ description: 'The IDs of its keywords.' }),
  })
  .openapi('WriterTaskRow')
export const Task = TaskRow.extend({
  html_content: z
    .string()
    .openapi({ description: 'The HTML of the article, empty until there is one.' }),
}).openapi('WriterTask')

const status = z.enum(SETTABLE_STATUSES, {
  error: 'must be queued, draft or review; only runs set in_progress, published and completed',
})
const article = longText(MAX_ARTICLE)
  .overwrite(articleIn)
  .refine((html) => html.trim() !== '', { message: 'must not be empty' })
  .superRefine((html, check) => {
    const problem = articleProblem(html)
    if (problem) check.addIssue({ code: 'custom', message: problem })
  })
  .openapi({
    description:
      'The HTML of the article. Of a whole page only the content of the body is used. HTML with too many unclosed or too deeply nested elements is refused.',
  })
const taskFields = {
  description: text(10_000, 0).optional(),
  keyword_objects: z
    .array(objectId)
    .max(MAX_KEYWORDS)
    .optional()
    .openapi({ description: 'IDs of keywords of the same sector. Replaces `keywords`.' }),
  keywords: text(10_000, 0).optional().openapi({
    description: 'Comma-separated. Names that are keywords of the sector become `keyword_objects`.',
  }),
  cluster_id: objectId.nullable().optional(),
  author_profile_id: objectId.nullable().optional().openapi({
    description:
      "The author profile. By default the strategy's profile, otherwise the account's default.",
  }),
  content_structure: z.enum(CONTENT_STRUCTURES).optional(),
  content_type: z.enum(CONTENT_TYPES).optional(),
  meta_title: text(60, 0).optional(),
  meta_description: text(160, 0).optional(),
  slug: z
    .string()
    .max(200)
    .regex(
      /^([\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}]+(-[\p{Ll}\p{Lo}\p{Lm}\p{M}\p{N}]+)*)?$/u,
      'must consist of lowercase letters, digits and single hyphens',
    )
    .optional(),
  excerpt: text(600, 0).optional(),
  status: status.optional(),
  html_content: article.optional(),
}
type KeywordFields = { keyword_objects?: number[]; keywords?: string }
const oneListOfKeywords = (task: KeywordFields) =>
  !(task.keyword_objects && task.keywords !== undefined)
const TWO_LISTS = {
  path: ['keywords'],
  message: 'send keyword_objects or keywords, not both',
}

export const NewTask = z
  .strictObject({ site_id: objectId, sector_id: objectId, title: text(300), ...taskFields })
  .refine(oneListOfKeywords, TWO_LISTS)
export const UpdateTask = z
  .strictObject({ title: text(300).optional(), ...taskFields })
  .refine(oneListOfKeywords, TWO_LISTS)

export const BulkIds = z.strictObject({ ids: Ids })
export const BulkStatus = z.strictObject({ ids: Ids, status })
const BulkResult = z.object({ id: z.int(), ok: z.boolean(), code: z.string().optional() })
export type BulkResult = z.infer<typeof BulkResult>
export const BulkDeleted = z.object({ deleted: z.int(), results: z.array(BulkResult) })
export const BulkUpdated = z.object({ updated: z.int(), results: z.array(BulkResult) })

const imagesPerTask = z.int().min(1).max(MAX_IMAGES).optional().openapi({
  description:
    "The number of originals per task, 2 by default, at most the plan's `max_images_per_task`.",
})

export const GenerateContent = z
  .strictObject({
    ids: RunIds,
    then: z
      .array(z.enum(['images', 'publish']))
      .max(2)
      .optional()
      .openapi({
        description: 'The operations that follow the article, always in the order images, publish.',
      }),
    images_per_task: imagesPerTask,
  })
  .refine((body) => body.images_per_task === undefined || body.then?.includes('images'), {
    path: ['images_per_task'],
    message: 'can be sent only with then: ["images"]',
  })
export const GenerateImages = z.strictObject({ ids: RunIds, images_per_task: imagesPerTask })

export const Content = createSelectSchema(content, {
  ...times,
  metadata: z.record(z.string(), z.unknown()),
}).openapi('Content')
export const UpdateContent = z.strictObject({ html_content: article.optional() })

export const Image = createSelectSchema(images, times)
  .extend({ image_url: z.string().openapi({ description: 'The URL of the file.' }) })
  .openapi('Image')
