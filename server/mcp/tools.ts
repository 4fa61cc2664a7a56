import { z } from 'zod'
import { INTENTS } from '../../db/schema/planner.ts'
import { csvLine } from '../formats/csv-cells.ts'

/** One step of the main job: what it is called with, and the request of the HTTP API that it is. */
export type Tool = {
  name: string
  title: string
  description: string
  input: z.ZodRawShape
  readOnly?: boolean
  method: 'GET' | 'POST'
  /** Below /api/v1/; arguments in braces are taken from the input, the rest is query or body. */
  path: string
  /** What is sent instead of the arguments as JSON. */
  form?(args: Record<string, unknown>): FormData
}

const id = z.int().min(1)
const ids = z.array(id).min(1).max(1000)
const page = {
  page: z.int().min(1).optional(),
  page_size: z.int().min(1).max(200).optional(),
  search: z.string().max(200).optional(),
}
const place = { site_id: id, sector_id: id }
const keyword = z.object({
  keyword: z.string(),
  volume: z.int().optional(),
  difficulty: z.int().optional().describe('0 to 100'),
  intent: z.enum(INTENTS).optional(),
})
type Keyword = z.infer<typeof keyword>
const MERGED =
  'One that is there already, whatever its case, takes the values that are given. Answers how many were imported, updated and skipped, and by line what is wrong with the skipped; line 1 is the header.'
const RUN =
  'Answers the run, as task_id: follow it with get_run until its state is SUCCESS, FAILURE or CANCELLED.'

/** The main job, in its order. */
export const TOOLS: Tool[] = [
  {
    name: 'list_sites',
    title: 'List sites',
    description: 'The WordPress sites that articles are published to.',
    input: page,
    readOnly: true,
    method: 'GET',
    path: 'auth/sites/',
  },
  {
    name: 'list_sectors',
    title: 'List sectors',
    description: 'The sectors of a site: keywords, clusters, ideas and tasks belong to one.',
    input: { site_id: id.optional(), ...page },
    readOnly: true,
    method: 'GET',
    path: 'auth/sectors/',
  },
  {
    name: 'import_keywords',
    title: 'Import keywords',
    description: `Adds keywords to a sector, thousands at once. ${MERGED}`,
    input: { ...place, keywords: z.array(keyword).min(1).max(5000) },
    method: 'POST',
    path: 'planner/keywords/import_csv/',
    form: ({ keywords, ...place }) => csvForm(place, csvOf(keywords as Keyword[])),
  },
  {
    name: 'import_keywords_csv',
    title: 'Import keywords from CSV',
    description: `Adds the keywords of a CSV text to a sector: its first line names the columns, of which keyword, volume, difficulty and intent are read. ${MERGED}`,
    input: { ...place, csv: z.string().min(1).max(1_000_000) },
    method: 'POST',
    path: 'planner/keywords/import_csv/',
    form: ({ csv, ...place }) => csvForm(place, String(csv)),
  },
  {
    name: 'list_keywords',
    title: 'List keywords',
    description: 'Keywords, by site, sector, cluster or words in them.',
    input: { site_id: id.optional(), sector_id: id.optional(), cluster_id: id.optional(), ...page },
    readOnly: true,
    method: 'GET',
    path: 'planner/keywords/',
  },
  {
    name: 'cluster_keywords',
    title: 'Cluster keywords',
    description: `Clusters a sector's keywords by meaning: 1 credit per 30 keywords. ${RUN}`,
    input: { ...place, ids: ids.optional() },
    method: 'POST',
    path: 'planner/keywords/auto_cluster/',
  },
  {
    name: 'list_clusters',
    title: 'List clusters',
    description: 'Clusters of keywords, with how many keywords and what search volume each has.',
    input: { site_id: id.optional(), sector_id: id.optional(), ...page },
    readOnly: true,
    method: 'GET',
    path: 'planner/clusters/',
  },
  {
    name: 'generate_ideas',
    title: 'Generate content ideas',
    description: `Makes content ideas for clusters: 1 credit an idea. ${RUN}`,
    input: { ids, ideas_per_cluster: z.int().min(1).max(20).optional() },
    method: 'POST',
    path: 'planner/clusters/auto_generate_ideas/',
  },
  {
    name: 'list_ideas',
    title: 'List content ideas',
    description: 'Content ideas, by cluster or status (new, scheduled, published).',
    input: {
      keyword_cluster_id: id.optional(),
      status: z.enum(['new', 'scheduled', 'published']).optional(),
      ...page,
    },
    readOnly: true,
    method: 'GET',
    path: 'planner/ideas/',
  },
  {
    name: 'queue_ideas',
    title: 'Queue ideas to the writer',
    description: 'Makes a writing task of each idea, one an idea however often it is queued.',
    input: { ids },
    method: 'POST',
    path: 'planner/ideas/bulk_queue_to_writer/',
  },
  {
    name: 'list_tasks',
    title: 'List writing tasks',
    description: 'Writing tasks without their articles, by status or site.',
    input: {
      site_id: id.optional(),
      status: z
        .enum(['queued', 'in_progress', 'draft', 'review', 'published', 'completed'])
        .optional(),
      ...page,
    },
    readOnly: true,
    method: 'GET',
    path: 'writer/tasks/',
  },
  {
    name: 'get_task',
    title: 'Get a writing task',
    description: 'A writing task with its article, and the address of its post once published.',
    input: { id },
    readOnly: true,
    method: 'GET',
    path: 'writer/tasks/{id}/',
  },
  {
    name: 'quote',
    title: 'Quote a run',
    description: 'What a run would cost in credits, before it is run.',
    input: {
      operation: z.enum([
        'auto_cluster',
        'auto_generate_ideas',
        'auto_generate_content',
        'auto_generate_images',
        'publish',
      ]),
      request: z.record(z.string(), z.unknown()).describe('The arguments of the operation itself.'),
    },
    readOnly: true,
    method: 'POST',
    path: 'billing/quote/',
  },
  {
    name: 'generate_content',
    title: 'Write articles',
    description: `Writes the articles of queued tasks, 3 credits each, and what follows: images (1 credit each), publish. ${RUN}`,
    input: {
      ids,
      then: z
        .array(z.enum(['images', 'publish']))
        .max(2)
        .optional(),
      images_per_task: z.int().min(1).max(10).optional(),
    },
    method: 'POST',
    path: 'writer/tasks/auto_generate_content/',
  },
  {
    name: 'generate_images',
    title: 'Make images',
    description: `Makes the images of tasks that have an article, 1 credit each. ${RUN}`,
    input: { ids, images_per_task: z.int().min(1).max(10).optional() },
    method: 'POST',
    path: 'writer/tasks/auto_generate_images/',
  },
  {
    name: 'publish',
    title: 'Publish articles',
    description: `Publishes articles to WordPress, exactly once; a published one is updated. ${RUN}`,
    input: {
      ids,
      status: z.enum(['publish', 'draft', 'pending', 'future']).optional(),
      publish_at: z.string().optional().describe('ISO 8601: when it is to go live.'),
    },
    method: 'POST',
    path: 'writer/tasks/publish/',
  },
  {
    name: 'get_run',
    title: 'Get a run',
    description: 'How a run stands: state, percentage, message, and what came of each step.',
    input: { task_id: id },
    readOnly: true,
    method: 'GET',
    path: 'system/settings/task_progress/{task_id}/',
  },
]

function csvOf(keywords: Keyword[]): string {
  const columns = ['keyword', 'volume', 'difficulty', 'intent'] as const
  const rows = keywords.map((row) => csvLine(columns.map((column) => row[column] ?? '')))
  return csvLine([...columns]) + rows.join('')
}

function csvForm(place: Record<string, unknown>, csv: string): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(place)) form.set(name, String(value))
  form.set('file', new Blob([csv], { type: 'text/csv' }), 'keywords.csv')
  return form
}
