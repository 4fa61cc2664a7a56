import { images } from '../../db/schema/writer.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { newRouter } from '../http/endpoint.ts'
import { getImage, ImageQuery, listImages } from './images.ts'
import { Image } from './schemas.ts'

export function imageRoutes(deps: Deps) {
  const app = newRouter()
  const { publicUrl } = deps.settings
  crud(app, deps, {
    path: '/images/',
    tag: 'writer',
    name: 'image',
    write: 'editor',
    table: images,
    row: Image,
    list: {
      summary: 'List image variants',
      query: ImageQuery,
      run: (tx, url, query) => listImages(tx, publicUrl(), url, query),
    },
    get: (tx, id) => getImage(tx, publicUrl(), id),
  })
  return app
}
