import type { Break, BreakingProxy } from '../helpers/breaking-proxy.ts'
import type { Client } from '../helpers/client.ts'
import type { WordPress } from '../wordpress/wordpress.ts'

export type Place = { site_id: number; sector_id: number }

/** Creates a site with a sector and links it to a WordPress, as its owner would. */
export async function linkedBlog(
  owner: Client,
  wordpress: WordPress,
  url = wordpress.url,
): Promise<Place> {
  const site = (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body
  const linked = await owner.call('PUT', `auth/sites/${site.id}/wordpress/`, {
    wp_url: url,
    wp_username: wordpress.user,
    wp_app_password: wordpress.appPassword,
  })
  if (linked.status !== 200) throw new Error(`link: ${JSON.stringify(linked.body)}`)
  const sector = await owner.post<{ id: number }>('auth/sectors/', {
    site_id: site.id,
    name: 'Tea',
  })
  return { site_id: site.id, sector_id: sector.body.id }
}

/** Writes articles with their images by the local provider, ready to be published. */
export async function writeArticles(
  owner: Client,
  place: Place,
  titles: string[],
  options: { images_per_task?: number } = {},
): Promise<number[]> {
  const ids: number[] = []
  for (const title of titles) {
    const task = await owner.post<{ id: number }>('writer/tasks/', { ...place, title })
    if (task.status !== 201) throw new Error(`task: ${JSON.stringify(task.body)}`)
    ids.push(task.body.id)
  }
  const run = await owner.run('writer/tasks/auto_generate_content/', {
    ids,
    then: ['images'],
    ...options,
  })
  if (run.state !== 'SUCCESS') throw new Error(`articles: ${JSON.stringify(run)}`)
  return ids
}

/** What WordPress itself has, by its own database: posts by title, and attachments by file hash. */
export function countsIn(wordpress: WordPress) {
  const posts =
    wordpress.query(`select post_title as title, count(*) as n, min(post_status) as status
    from wp_posts where post_type = 'post' and post_name <> 'hello-world' group by post_title`)
  const files = wordpress.query(
    `select post_name as slug from wp_posts where post_type = 'attachment'`,
  )
  const perFile = new Map<string, number>()
  for (const { slug } of files) {
    const hash = /^igny8-([0-9a-f]{16})/.exec(String(slug))?.[1] ?? String(slug)
    perFile.set(hash, (perFile.get(hash) ?? 0) + 1)
  }
  return {
    posts: new Map(posts.map(({ title, n }) => [String(title), Number(n)])),
    attachments: perFile,
  }
}

/** A random number in [0, 1) that is the same for the same seed: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export const BREAKS: Break[] = [
  { refuse: 300 },
  'drop',
  'cut',
  'reset_before',
  'reset_after',
  'lose_answer',
  '502_before',
  '502_after',
  '503',
  '429',
  'html_before',
  'html_after',
  'truncate',
  { delay: 300 },
  { stall: 300 },
]

/**
 * Breaks a share of all reads and more of the writes. The ways are dealt to each step of a publication (a method and a
 * path) like cards, so that a step meets all of them before it meets one again.
 * @param random in [0, 1)
 * @param seen is told of every request before it is broken
 * @returns what answers how often each step was broken
 */
export function breakSteps(
  proxy: BreakingProxy,
  random: () => number,
  seen: () => void,
): () => Record<string, number> {
  const decks = new Map<string, Break[]>()
  const times: Record<string, number> = {}
  proxy.choose(({ method, url }) => {
    seen()
    if (random() >= (method === 'GET' ? 0.12 : 0.4)) return null
    const step = stepOf(method, url)
    const deck = decks.get(step) ?? []
    if (deck.length === 0) deck.push(...BREAKS)
    decks.set(step, deck)
    times[step] = (times[step] ?? 0) + 1
    return deck.splice(Math.floor(random() * deck.length), 1)[0]!
  })
  return () => times
}

/** A request without what is of one article: `GET /wp-json/wp/v2/posts/…`. */
function stepOf(method: string, url: string): string {
  const { pathname } = new URL(url, 'http://site')
  if (!pathname.startsWith('/wp-json/')) return `${method} a page`
  return `${method} ${pathname.replace(/\/(\d+|[0-9a-f-]{20,})(?=\/|$)/g, '/…')}`
}
