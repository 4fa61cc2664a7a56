import { sql } from 'drizzle-orm'
import type { Database } from '../../db/database.ts'

/**
 * The files of `paths` that are still needed: by an image of any account, or by a running step that has
 * made them.
 */
export async function namedFiles(database: Database, paths: string[]): Promise<Set<string>> {
  const rows = await database.withPlatform('sweep', (tx) =>
    tx.execute<{ path: string }>(sql`
      select image_path as path from images where image_path = any(${sql.param(paths)}::text[])
      union
      select m ->> 'image_path' from run_steps,
        jsonb_array_elements(case when jsonb_typeof(checkpoint -> 'made') = 'array' then checkpoint -> 'made' else '[]' end) m
      where kind = 'generate_images' and checkpoint is not null`),
  )
  return new Set([...rows].map(({ path }) => path))
}

/** Whether a file is served: it belongs to an image, or to the result of a test of an image provider. */
export async function isServed(database: Database, path: string): Promise<boolean> {
  const [row] = await database.withPlatform('serve_media', (tx) =>
    tx.execute(sql`
      select 1 from images where image_path = ${path}
      union all
      select 1 from run_steps where kind = 'test_image' and result ->> 'image_url' = ${`/media/${path}`}
      limit 1`),
  )
  return row !== undefined
}
