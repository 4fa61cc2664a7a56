import { z } from 'zod'
import { escapeBareAmpersands, htmlOf, normalizedText, textOf } from '../blocks/text-as-html.ts'
import { WordPressError } from '../http/errors.ts'
import type { WordPressApi } from '../http/transport.ts'
import { type CreateContext, createOnce, eachInTurn, isFinalRefusal } from './create-once.ts'
import { unlessGone } from './find-post.ts'

export type Taxonomy = 'categories' | 'tags'

/** The terms for a post, and the names that WordPress refused. */
export interface Terms {
  ids: number[]
  dropped: { name: string; reason: string }[]
}

const termSchema = z.object({ id: z.number(), name: z.string() })
type Term = z.infer<typeof termSchema>
const existsSchema = z.object({ term_id: z.coerce.number() })

type Context = CreateContext & { api: WordPressApi }

const QUERY = { _fields: 'id,name' }

/**
 * Finds terms by name in any case and creates the missing ones. One at a time, because WordPress
 * would accept a name twice in parallel requests. Refused names are reported.
 * @throws WordPressError `outcome_pending`, or that of a failed request
 */
export async function ensureTerms(
  context: Context,
  taxonomy: Taxonomy,
  names: string[],
): Promise<Terms> {
  const terms: Terms = { ids: [], dropped: [] }
  // The feed decodes the name of a term and prints it in CDATA, which `]]>` would end.
  const printable = names.map((name) => name.trim().replaceAll(']]>', ']] >'))
  const distinct = new Map(printable.map((name) => [nameKey(name), name]))
  distinct.delete('')
  await eachInTurn([...distinct.values()], async (name) => {
    try {
      const found = await findTerm(context.api, taxonomy, name)
      const term = found ?? (await createTerm(context, taxonomy, name))
      if (!terms.ids.includes(term.id)) terms.ids.push(term.id)
    } catch (error) {
      if (!isFinalRefusal(error, context)) throw error
      terms.dropped.push({ name, reason: error.message })
    }
  })
  return terms
}

async function findTerm(api: WordPressApi, taxonomy: Taxonomy, name: string): Promise<Term | null> {
  // WordPress searches the stored name, in which more characters are escaped.
  for (const search of new Set([name, stored(name)])) {
    const params = { ...QUERY, search, per_page: 100 }
    const { items } = await api.list(`wp/v2/${taxonomy}`, termSchema, params)
    const term = items.find((one) => isNamed(one, name))
    if (term) return term
  }
  return null
}

async function createTerm(context: Context, taxonomy: Taxonomy, name: string): Promise<Term> {
  const { api, intentLog } = context
  const path = `wp/v2/${taxonomy}`
  const kind = taxonomy === 'categories' ? 'category' : 'tag'
  const { remote } = await createOnce(context, {
    kind,
    key: nameKey(name),
    fetchKnown: async (id) => {
      const term = await api.read(`${path}/${id}`, termSchema, QUERY).catch(unlessGone)
      return term && isNamed(term, name) ? term : null
    },
    async find() {
      const term = await findTerm(api, taxonomy, name)
      return term && { remote: term, duplicates: [] }
    },
    create: () => sendTerm(api, path, name),
    isNamed: true,
  })
  await intentLog.record(kind, nameKey(name), { id: remote.id, state: {} })
  return remote
}

async function sendTerm(api: WordPressApi, path: string, name: string): Promise<Term> {
  try {
    return await api.update(path, termSchema, { name: htmlOf(name) })
  } catch (error) {
    const exists =
      error instanceof WordPressError && error.wpCode === 'term_exists'
        ? existsSchema.safeParse(error.data)
        : undefined
    if (exists?.success) return { id: exists.data.term_id, name }
    throw error
  }
}

function isNamed(term: Term, name: string): boolean {
  return nameKey(textOf(term.name)) === nameKey(name)
}

/** A name after WordPress’s filters `wp_filter_kses` and `_wp_specialchars`. */
function stored(name: string): string {
  return escapeBareAmpersands(htmlOf(name))
}

/** WordPress ignores the case of names. */
const nameKey = (name: string) => normalizedText(name).toLowerCase()
