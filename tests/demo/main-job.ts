import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ApiClient, apiClient, type RunProgress } from './api-client.ts'
import type { Step, Terminal } from './progress.ts'
import type { Stage } from './stage.ts'

const CLUSTERS_TO_WRITE_FOR = 2
const ARTICLES = 3

export interface Post {
  title: string
  url: string
}

interface Identified {
  id: number
}

interface Accepted {
  task_id: number
}

interface Cluster extends Identified {
  name: string
  keywords_count: number
}

interface Page<T> {
  count: number
  results: T[]
}

interface Task extends Identified {
  title: string
  status: string
  post_url: string | null
}

/** Who registered, so that a person can look at the result. */
export interface DemoUser {
  email: string
  password: string
}

/**
 * The main job, as any client of the API would do it: from a keyword list to posts on WordPress.
 * Each step shows itself on `terminal`. Throws what the first step that fails says.
 */
export async function runMainJob(
  stage: Stage,
  terminal: Terminal,
): Promise<{ posts: Post[]; user: DemoUser }> {
  const user = { email: `demo-${Date.now()}@example.com`, password: randomBytes(9).toString('hex') }
  const step = <T>(name: string, work: (step: Step) => Promise<[T, string]>) =>
    shown(terminal, name, work)

  const api = await step('Registering', async () => {
    const session = await apiClient(stage.service).post<{ access: string }>('auth/register/', {
      ...user,
      account_name: 'Home Barista',
    })
    return [apiClient(stage.service, session.access), user.email]
  })
  const site = await step('Linking the WordPress site', async (self) => {
    const created = await linkedSite(api, stage, self)
    return [created, stage.wordpress.url]
  })
  const place = await step('Importing keywords', (self) => importKeywords(api, site.id, self))
  const clusters = await step('Clustering keywords', (self) => cluster(api, place, self))
  const ideas = await step('Generating ideas', (self) => generateIdeas(api, clusters, self))
  const tasks = await step('Queueing to the writer', async () => {
    const body = { ids: ideas.slice(0, ARTICLES).map(({ id }) => id) }
    const queued = await api.post<{ tasks: Task[] }>('planner/ideas/bulk_queue_to_writer/', body)
    return [queued.tasks, `${queued.tasks.length} of ${ideas.length} ideas`]
  })

  const body = { ids: tasks.map(({ id }) => id) }
  const stepOverTasks = (name: string, action: string, outcome: string) =>
    step(name, async (self) => {
      await accepted(api, `writer/tasks/${action}/`, body, self)
      return [undefined, outcome]
    })
  await stepOverTasks('Writing', 'auto_generate_content', `${tasks.length} articles`)
  await stepOverTasks('Drawing images', 'auto_generate_images', `for ${tasks.length} articles`)
  await stepOverTasks('Publishing', 'publish', `${tasks.length} posts`)
  const posts = await step('Opening the posts', () => openPosts(api, tasks))
  return { posts, user }
}

async function shown<T>(
  terminal: Terminal,
  name: string,
  work: (step: Step) => Promise<[T, string]>,
): Promise<T> {
  const step = terminal.step(name)
  try {
    const [result, outcome] = await work(step)
    step.done(outcome)
    return result
  } catch (error) {
    step.failed()
    throw error
  }
}

async function linkedSite(api: ApiClient, stage: Stage, step: Step): Promise<Identified> {
  const { url, user, appPassword } = stage.wordpress
  const site = await api.post<Identified>('auth/sites/', { name: 'Home Barista', domain: url })
  const link = { wp_url: url, wp_username: user, wp_app_password: appPassword }
  const answer = await api.put<Identified | Accepted>(`auth/sites/${site.id}/wordpress/`, link)
  if ('task_id' in answer) await api.follow(answer.task_id, (it) => step.update(toProgress(it)))
  return site
}

interface Place {
  site_id: number
  sector_id: number
}

async function importKeywords(
  api: ApiClient,
  siteId: number,
  step: Step,
): Promise<[Place, string]> {
  const sector = await api.post<Identified>('auth/sectors/', {
    site_id: siteId,
    name: 'Home coffee brewing',
  })
  step.update({ percentage: 50, message: 'keywords.csv' })
  const csv = await readFile(join(import.meta.dirname, 'keywords.csv'))
  const form = new FormData()
  form.set('site_id', String(siteId))
  form.set('sector_id', String(sector.id))
  form.set('file', new Blob([csv], { type: 'text/csv' }), 'keywords.csv')
  const path = 'planner/keywords/import_csv/'
  const { imported } = await api.postForm<{ imported: number }>(path, form)
  return [{ site_id: siteId, sector_id: sector.id }, `${imported} keywords`]
}

async function cluster(api: ApiClient, place: Place, step: Step): Promise<[Cluster[], string]> {
  await accepted(api, 'planner/keywords/auto_cluster/', { ...place, filter: {} }, step)
  const query = `site_id=${place.site_id}&page_size=200`
  const { count, results } = await api.get<Page<Cluster>>(`planner/clusters/?${query}`)
  const largest = results
    .toSorted((a, b) => b.keywords_count - a.keywords_count)
    .slice(0, CLUSTERS_TO_WRITE_FOR)
  return [largest, `${count} clusters, the largest ${largest.map(({ name }) => name).join(', ')}`]
}

async function generateIdeas(
  api: ApiClient,
  clusters: Cluster[],
  step: Step,
): Promise<[Identified[], string]> {
  const ids = clusters.map(({ id }) => id)
  await accepted(api, 'planner/clusters/auto_generate_ideas/', { ids }, step)
  const { count, results } = await api.get<Page<Identified & { keyword_cluster_id: number }>>(
    'planner/ideas/?page_size=200&ordering=created_at',
  )
  // One of each cluster in turn, so that the demo shows them all.
  const turns = ids.map((id) => results.filter((idea) => idea.keyword_cluster_id === id))
  const ideas = results.flatMap((_, turn) => turns.flatMap((list) => list[turn] ?? []))
  return [ideas, `${count} ideas`]
}

async function openPosts(api: ApiClient, tasks: Task[]): Promise<[Post[], string]> {
  const posts: Post[] = []
  for (const { id } of tasks) {
    const { title, status, post_url: url } = await api.get<Task>(`writer/tasks/${id}/`)
    if (!url) throw new Error(`“${title}” has no post; its task is ${status}.`)
    const page = await fetch(url)
    await page.body?.cancel()
    if (!page.ok) throw new Error(`${url} answers ${page.status}.`)
    posts.push({ title, url })
  }
  return [posts, `${posts.length} answer`]
}

/** Starts a run and follows it to its end on the step's line. */
async function accepted(api: ApiClient, path: string, body: object, step: Step): Promise<void> {
  const { task_id } = await api.post<Accepted>(path, body)
  await api.follow(task_id, (progress) => step.update(toProgress(progress)))
}

function toProgress({ meta }: RunProgress) {
  return { percentage: meta?.percentage ?? 0, message: meta?.message ?? '' }
}
