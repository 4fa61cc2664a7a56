import { z } from 'zod'
import { WordPressError } from './errors.ts'
import { plainText } from './plain-text.ts'
import type { WordPressApi } from './transport.ts'

export type Taxonomy = 'categories' | 'tags'

/** Terms that a post can have, and names that WordPress would not take. */
export interface Terms {
  ids: number[]
  dropped: { name: string; reason: string }[]
}

const termSchema = z.object({ id: z.number(), name: z.string() })
const existsSchema = z.object({ term_id: z.coerce.number() })

/**
 * Finds terms by name, whatever their case, and creates the missing ones. WordPress refuses a second
 * term of a name, so that a lost answer needs no more than asking again. Names that the user may not
 * create are reported.
 * @throws WordPressError that of a failed request
 */
export async function ensureTerms(
  api: WordPressApi,
  taxonomy: Taxonomy,
  names: string[],
): Promise<Terms> {
  const terms: Terms = { ids: [], dropped: [] }
  const distinct = new Map(names.map((name) => [folded(name), name.trim()]))
  distinct.delete('')
  for (const name of distinct.values()) {
    try {
      const id = (await findTerm(api, taxonomy, name)) ?? (await createTerm(api, taxonomy, name))
      if (!terms.ids.includes(id)) terms.ids.push(id)
    } catch (error) {
      if (!(error instanceof WordPressError) || error.code !== 'refused') throw error
      terms.dropped.push({ name, reason: error.message })
    }
  }
  return terms
}

async function findTerm(
  api: WordPressApi,
  taxonomy: Taxonomy,
  name: string,
): Promise<number | undefined> {
  const params = { search: name, per_page: 100, _fields: 'id,name' }
  const { items } = await api.list(`wp/v2/${taxonomy}`, termSchema, params)
  return items.find((term) => folded(plainText(term.name)) === folded(name))?.id
}

async function createTerm(api: WordPressApi, taxonomy: Taxonomy, name: string): Promise<number> {
  try {
    return (await api.update(`wp/v2/${taxonomy}`, termSchema, { name })).id
  } catch (error) {
    const exists =
      error instanceof WordPressError && error.wpCode === 'term_exists'
        ? existsSchema.safeParse(error.data)
        : undefined
    if (exists?.success) return exists.data.term_id
    throw error
  }
}

function folded(name: string): string {
  return name.trim().replace(/\s+/g, ' ').toLowerCase()
}
