import { z } from '@hono/zod-openapi'
import { createSelectSchema } from 'drizzle-zod'
import {
  CLUSTER_STATUSES,
  CONTENT_STRUCTURES,
  CONTENT_TYPES,
  clusters,
  content_ideas,
  IDEA_STATUSES,
  INTENTS,
  KEYWORD_STATUSES,
  keywords,
} from '../../db/schema/planner.ts'
import { tasks } from '../../db/schema/writer.ts'
import {
  count,
  Ids,
  longText,
  NOT_STORABLE,
  nullableTime,
  objectId,
  RunIds,
  storable,
  text,
  times,
} from '../http/schemas.ts'
import { oneLine } from '../tasks/list-text.ts'

export const MAX_KEYWORD_LENGTH = 300
export const MAX_DIFFICULTY = 100
const MAX_NAME_LENGTH = 200
const MAX_IDEAS_PER_CLUSTER = 20

const line = (max: number) =>
  z.string().overwrite(oneLine).min(1).max(max).refine(storable, NOT_STORABLE)

const place = { site_id: objectId, sector_id: objectId }

export const Keyword = createSelectSchema(keywords, times).omit({ folded: true }).openapi('Keyword')
const keywordFields = {
  volume: count.optional(),
  difficulty: z.int().min(0).max(MAX_DIFFICULTY).optional(),
  intent: z.enum(INTENTS).optional(),
  cluster_id: objectId.nullable().optional(),
  status: z.enum(KEYWORD_STATUSES).optional(),
}
export const NewKeyword = z.strictObject({
  ...place,
  keyword: line(MAX_KEYWORD_LENGTH),
  ...keywordFields,
})
export const UpdateKeyword = z.strictObject({
  keyword: line(MAX_KEYWORD_LENGTH).optional(),
  ...keywordFields,
})

/** Which keywords a run or an export is about. */
export const KeywordFilter = z
  .strictObject({
    search: text(200, 0).optional(),
    status: z.enum(KEYWORD_STATUSES).optional(),
    cluster_id: objectId.optional(),
    clustered: z.boolean().optional(),
    intent: z.enum(INTENTS).optional(),
    difficulty_min: count.optional(),
    difficulty_max: count.optional(),
    volume_min: count.optional(),
    volume_max: count.optional(),
  })
  .openapi('KeywordFilter')
export type KeywordFilter = z.infer<typeof KeywordFilter>

export const ClusterKeywords = z
  .strictObject({ ...place, ids: Ids.optional(), filter: KeywordFilter.optional() })
  .refine(({ ids, filter }) => !(ids && filter), {
    path: ['filter'],
    message: 'send ids or a filter, not both',
  })
  .openapi({
    description:
      'Without `ids`, the keywords that match the filter are used. By default these are the keywords without ' +
      'a cluster that are not archived.',
  })

export const BulkIds = z.strictObject({ ids: Ids })
export const BulkStatus = z.strictObject({ ids: Ids, status: z.enum(KEYWORD_STATUSES) })
const results = z.array(z.object({ id: z.int(), ok: z.boolean(), code: z.string().optional() }))
export const BulkDeleted = z.object({ deleted: z.int(), results })
export const BulkUpdated = z.object({ updated: z.int(), results })

export const Imported = z
  .object({
    imported: z.int().openapi({ description: 'New keywords.' }),
    updated: z.int().openapi({ description: 'Keywords that already existed.' }),
    skipped: z.int().openapi({
      description: 'Rows with an error, and all but the last row of the same keyword.',
    }),
    errors: z
      .array(z.object({ line: z.int(), message: z.string() }))
      .openapi({ description: 'The first 100 rows with an error; the header is line 1.' }),
    errors_truncated: z.int().openapi({ description: 'How many more rows have an error.' }),
  })
  .openapi('ImportedKeywords')

export const Cluster = createSelectSchema(clusters, times)
  .extend({
    keywords_count: z.int(),
    volume: z.int().openapi({ description: 'The sum of the search volumes of its keywords.' }),
    mapped_pages: z.int().openapi({ description: 'The number of its tasks that have a post.' }),
  })
  .openapi('Cluster')
const clusterFields = {
  description: text(4000, 0).optional(),
  status: z.enum(CLUSTER_STATUSES).optional(),
}
export const NewCluster = z.strictObject({
  ...place,
  name: line(MAX_NAME_LENGTH),
  ...clusterFields,
})
export const UpdateCluster = z.strictObject({
  name: line(MAX_NAME_LENGTH).optional(),
  ...clusterFields,
})
export const GenerateIdeas = z.strictObject({
  ids: RunIds,
  ideas_per_cluster: z.int().min(1).max(MAX_IDEAS_PER_CLUSTER).default(5),
})

export const Idea = createSelectSchema(content_ideas, times)
  .extend({
    keyword_objects: z.array(z.int()).openapi({ description: 'The IDs of its keywords.' }),
  })
  .openapi('ContentIdea')
const ideaFields = {
  description: longText(20_000).optional(),
  content_structure: z.enum(CONTENT_STRUCTURES).optional(),
  content_type: z.enum(CONTENT_TYPES).optional(),
  target_keywords: text(20_000, 0)
    .optional()
    .openapi({
      description:
        'Comma-separated. Names that are keywords of the sector are linked. Ignored if `keyword_objects` is ' +
        'given, which replaces this text.',
    }),
  keyword_objects: z.array(objectId).max(1000).optional(),
  keyword_cluster_id: objectId.nullable().optional(),
  status: z.enum(IDEA_STATUSES).optional(),
  estimated_word_count: z.int().min(100).max(10_000).optional(),
}
export const NewIdea = z.strictObject({
  ...place,
  idea_title: line(MAX_NAME_LENGTH),
  ...ideaFields,
})
export const UpdateIdea = z.strictObject({
  idea_title: line(MAX_NAME_LENGTH).optional(),
  ...ideaFields,
})

const QueuedTask = createSelectSchema(tasks, {
  ...times,
  published_at: nullableTime,
  error: z.object({ code: z.string(), message: z.string(), at: z.string() }).nullable(),
})
  .omit({
    account_id: true,
    verify_at: true,
    verifications: true,
    wp_told_at: true,
    conflict: true,
  })
  .openapi('QueuedTask')
export const Queued = z.object({
  tasks: z.array(QueuedTask),
  results: z.array(
    z.object({
      id: z.int().openapi({ description: 'The ID of the idea.' }),
      ok: z.boolean(),
      code: z.string().optional(),
      task_id: z.int().optional(),
      created: z.boolean().optional().openapi({
        description: 'False if the idea already had a task.',
      }),
    }),
  ),
})

/** A day. Search Console keeps only sixteen months of data. */
const day = z.iso.date().refine((date) => date >= '2010-01-01', 'must not be before 2010')

export const ImportGsc = z.strictObject({
  site_id: objectId,
  sector_id: objectId,
  property: text(500).openapi({
    description: 'A property as listed by POST system/settings/integrations/gsc/properties/.',
    example: 'sc-domain:example.com',
  }),
  start_date: day.optional().openapi({
    description: 'The first day. Default: the period has 28 days and ends on `end_date`.',
  }),
  end_date: day.optional().openapi({
    description: 'The last day. Default: three days ago, the last day with complete data.',
  }),
})
