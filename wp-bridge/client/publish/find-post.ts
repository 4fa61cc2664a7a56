import { z } from 'zod'
import { WordPressError } from '../http/errors.ts'
import { addressOf } from '../http/site-address.ts'
import type { Params, WordPressApi } from '../http/transport.ts'
import type { Found } from './create-once.ts'
import { holdsMarker, marker } from './marker.ts'

const raw = z.object({ raw: z.string() })

/** A post as its editors see it. */
export const postSchema = (site: { restRoot: string }) =>
  z.object({
    id: z.number(),
    status: z.string(),
    slug: z.string(),
    link: addressOf(site),
    /** UTC, without a zone. */
    date_gmt: z.string().nullable(),
    modified_gmt: z.string(),
    title: raw,
    content: raw,
    excerpt: raw,
    featured_media: z.number().default(0),
    categories: z.array(z.number()).default([]),
    tags: z.array(z.number()).default([]),
    /** Links named `wp:action-…` show what the user may do. */
    _links: z.record(z.string(), z.unknown()).optional(),
    /**
     * The key of the article, from the plugin. Null for a post of no article, absent without the
     * plugin.
     */
    igny8_key: z.string().nullish(),
  })

export type Post = z.infer<ReturnType<typeof postSchema>>

const candidateSchema = z.object({
  id: z.number(),
  content: z.object({ raw: z.string().optional(), rendered: z.string().optional() }),
  igny8_key: z.string().nullish(),
})

/**
 * The post with that id in any status, the trash included. Null if it does not belong to the
 * article: another or a restored WordPress may have given the id to another post.
 */
export async function getPost(api: WordPressApi, id: number, key: string): Promise<Post | null> {
  const post = await api
    .read(`wp/v2/posts/${id}`, postSchema(api), { context: 'edit' })
    .catch(unlessGone)
  return post && isOfArticle(post, key) ? post : null
}

/** Whether a post has the article’s marker, or belongs to it according to the plugin. */
function isOfArticle({ content, igny8_key }: z.infer<typeof candidateSchema>, key: string) {
  if (igny8_key) return igny8_key === key
  return holdsMarker(content.raw ?? content.rendered ?? '', key)
}

const GONE = new Set(['rest_post_invalid_id', 'rest_term_invalid'])

/** Null for the id of a post or a term that does not exist. Rethrows any other error. */
export function unlessGone(error: unknown): null {
  if (error instanceof WordPressError && GONE.has(error.wpCode ?? '')) return null
  throw error
}

/**
 * Finds the post with the marker of `key` by a search, and, if a plugin has replaced WordPress’s
 * search, by the slugs that WordPress may have made of `slug`.
 */
export async function findPost(
  api: WordPressApi,
  wanted: { key: string; slug: string },
): Promise<Found<Post> | null> {
  const ways: Params[] = [{ search: marker(wanted.key) }, { slug: slugForms(wanted.slug) }]
  for (const by of ways) {
    const [oldest, ...others] = await idsWithMarker(api, by, wanted.key)
    const remote = oldest === undefined ? null : await getPost(api, oldest, wanted.key)
    if (remote) return { remote, duplicates: others }
  }
  return null
}

async function idsWithMarker(api: WordPressApi, by: Params, key: string): Promise<number[]> {
  const query: Params = {
    ...by,
    status: ['any', 'trash'],
    orderby: 'id',
    order: 'asc',
    per_page: 50,
    _fields: 'id,content,igny8_key',
    // Keeps caches from answering.
    igny8_at: Date.now(),
  }
  let { items, total } = await api.list('wp/v2/posts', candidateSchema, {
    ...query,
    context: 'edit',
  })
  // Omits posts that the user may no longer edit, such as a contributor’s post after its
  // publication.
  if (total > items.length) ({ items } = await api.list('wp/v2/posts', candidateSchema, query))
  return items.filter((item) => isOfArticle(item, key)).map(({ id }) => id)
}

/** A slug, the forms that WordPress gives it beside other posts, and all of these in the trash. */
export function slugForms(slug: string): string[] {
  const forms = [slug, ...[2, 3, 4, 5, 6].map((n) => `${slug}-${n}`)]
  return forms.flatMap((form) => [form, `${form}__trashed`])
}
