import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import { newRouter } from '../http/endpoint.ts'
import { isKeptPath } from './media.ts'
import { isServed } from './media-names.ts'

/**
 * A path contains the hash of its content, so the content never changes. Caches keep a deleted file for at
 * most a day.
 */
const HEADERS = {
  'content-type': 'image/webp',
  'cache-control': 'public, max-age=86400, immutable',
}

/** Serves image files, as long as an image uses them. */
export function mediaRoutes({ database, media }: Deps) {
  const app = newRouter()
  app.get('/:folder/:file', async (c) => {
    const path = `${c.req.param('folder')}/${c.req.param('file')}`
    if (!isKeptPath(path) || !(await isServed(database, path))) throw notFound()
    const bytes = await media.get(path)
    if (!bytes) throw notFound()
    return c.body(bytes, 200, HEADERS)
  })
  return app
}
