import { eq, or } from 'drizzle-orm'
import { z } from 'zod'
import type { Tx } from '../../db/database.ts'
import { IMAGE_TYPES, images } from '../../db/schema/writer.ts'
import { notFound } from '../errors.ts'
import { contains, equalTo, listPage, listQuery } from '../http/lists.ts'
import { queryCount, queryId } from '../http/schemas.ts'

const IMAGE_ORDERINGS = { created_at: images.created_at, position: images.position }
export const ImageQuery = listQuery(IMAGE_ORDERINGS, {
  task_id: queryId.optional(),
  image_type: z.enum(IMAGE_TYPES).optional(),
  status: z.enum(images.status.enumValues).optional(),
  position: queryCount.optional(),
  site_id: queryId.optional(),
  sector_id: queryId.optional(),
})

type Row = typeof images.$inferSelect

/** A page of image variants, searched by prompt and alt text. `publicUrl` has no trailing slash. */
export async function listImages(
  tx: Tx,
  publicUrl: string,
  url: string,
  query: z.infer<typeof ImageQuery>,
) {
  const { task_id, image_type, status, position, site_id, sector_id } = query
  const page = await listPage(tx, {
    url,
    query,
    orderings: IMAGE_ORDERINGS,
    defaultOrdering: '-created_at',
    from: images,
    rows: tx.select().from(images).$dynamic(),
    where: [
      or(contains(images.prompt, query.search), contains(images.alt_text, query.search)),
      ...equalTo(images, { task_id, image_type, status, position, site_id, sector_id }),
    ],
  })
  return { ...page, results: page.results.map((row) => located(row, publicUrl)) }
}

export async function getImage(tx: Tx, publicUrl: string, id: number) {
  const [row] = await tx.select().from(images).where(eq(images.id, id))
  if (!row) throw notFound()
  return located(row, publicUrl)
}

/** The address is made when it is read: the service may have moved since the file was kept. */
function located(row: Row, publicUrl: string) {
  return { ...row, image_url: `${publicUrl}/media/${row.image_path}` }
}
