import type { Deps } from '../deps.ts'
import { notFound } from '../errors.ts'
import { newRouter } from '../http/endpoint.ts'

/** A path names its content by hash, so it may be kept for ever; and who has it was given it. */
const HEADERS = {
  'content-type': 'image/webp',
  'cache-control': 'public, max-age=31536000, immutable',
}

/** The image files, for pages that show them. */
export function mediaRoutes({ media }: Deps) {
  const app = newRouter()
  app.get('/:folder/:file', async (c) => {
    const bytes = await media.get(`${c.req.param('folder')}/${c.req.param('file')}`)
    if (!bytes) throw notFound()
    return c.body(bytes, 200, HEADERS)
  })
  return app
}
