import { eq, getTableColumns, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { API_KEY_ACCESS, api_keys } from '../../db/schema/identity.ts'
import { notFound } from '../errors.ts'
import type { Caller } from '../http/caller.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryBoolean, queryId } from '../http/schemas.ts'
import { requireSites } from '../sites/grants.ts'
import { newApiKey } from './api-key-token.ts'
import type { NewApiKey, UpdateApiKey } from './schemas.ts'

const { key_hash: _hash, ...selection } = getTableColumns(api_keys)

const API_KEY_ORDERINGS = { created_at: api_keys.created_at, name: api_keys.name }
export const ApiKeyQuery = listQuery(API_KEY_ORDERINGS, {
  access: z.enum(API_KEY_ACCESS).optional(),
  created_by_id: queryId.optional(),
  is_revoked: queryBoolean.optional(),
})

export function listApiKeys(tx: Tx, url: string, query: z.infer<typeof ApiKeyQuery>) {
  const { access, created_by_id, is_revoked } = query
  return listPage(tx, {
    url,
    query,
    orderings: API_KEY_ORDERINGS,
    defaultOrdering: '-created_at',
    from: api_keys,
    rows: tx.select(selection).from(api_keys).$dynamic(),
    where: [
      contains(api_keys.name, query.search),
      ...equalTo(api_keys, { access, created_by_id }),
      is_revoked === undefined
        ? undefined
        : sql`(${api_keys.revoked_at} is not null) = ${is_revoked}`,
    ],
  })
}

export async function getApiKey(tx: Tx, id: number) {
  const [key] = await tx.select(selection).from(api_keys).where(eq(api_keys.id, id))
  if (!key) throw notFound()
  return key
}

/** Creates a key. Only its hash is stored, so `key` can be shown only once. */
export async function createApiKey(tx: Tx, caller: Caller, input: z.infer<typeof NewApiKey>) {
  const { name, access, site_ids = null, expires_at } = input
  if (site_ids) await requireSites(tx, site_ids)
  const { key, hash } = await newApiKey(caller.accountId)
  const [made] = await tx
    .insert(api_keys)
    .values({
      account_id: caller.accountId,
      name,
      access,
      site_ids,
      key_hash: hash,
      last4: key.slice(-4),
      created_by_id: caller.userId,
      expires_at: expires_at ? new Date(expires_at) : null,
    })
    .returning({ id: api_keys.id })
  return { ...(await getApiKey(tx, made!.id)), key }
}

export async function updateApiKey(tx: Tx, id: number, input: z.infer<typeof UpdateApiKey>) {
  await tx
    .update(api_keys)
    .set({ ...input, updated_at: sql`now()` })
    .where(eq(api_keys.id, id))
}

/** Revokes a key. It stays in the list, with its last use. */
export async function revokeApiKey(tx: Tx, id: number): Promise<void> {
  await tx
    .update(api_keys)
    .set({ revoked_at: sql`coalesce(${api_keys.revoked_at}, now())`, updated_at: sql`now()` })
    .where(eq(api_keys.id, id))
}
