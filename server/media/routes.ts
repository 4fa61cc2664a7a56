import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import { newRouter } from '../http/endpoint.ts'
import { isKeptPath } from './media.ts'
import { isServed } from './media-names.ts'

/**
 * A path names its content by hash, so it never changes; a file that is deleted is kept by nobody for
 * longer than a day.
 */
const HEADERS = {
  'content-type': 'image/webp',
  'cache-control': 'public, max-age=86400, immutable',
}

/** The image files, for pages that show them, as long as an image is of them. */
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
