import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer } from '../http/lists.ts'
import { answer, IdParam } from '../http/schemas.ts'
import { getImage, ImageQuery, listImages } from './images.ts'
import { Image } from './schemas.ts'

const tags = ['writer']

const routes = {
  list: endpoint('viewer', {
    method: 'get',
    path: '/images/',
    tags,
    summary: "List tasks' images, a row a variant",
    request: { query: ImageQuery },
    responses: { 200: answer('Images.', listAnswer(Image)) },
  }),
  retrieve: endpoint('viewer', {
    method: 'get',
    path: '/images/{id}/',
    tags,
    summary: 'Get an image',
    request: { params: IdParam },
    responses: { 200: answer('The image.', Image) },
  }),
}

export function imageRoutes({ doors, settings }: Deps) {
  const app = newRouter()
  const read = { readOnly: true }
  app.openapi(routes.list, async (c) => {
    const query = c.req.valid('query')
    return c.json(
      await doors.withAccount(
        callerOf(c).scope,
        (tx) => listImages(tx, settings.publicUrl(), c.req.url, query),
        read,
      ),
      200,
    )
  })
  app.openapi(routes.retrieve, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(
      await doors.withAccount(
        callerOf(c).scope,
        (tx) => getImage(tx, settings.publicUrl(), id),
        read,
      ),
      200,
    )
  })
  return app
}
