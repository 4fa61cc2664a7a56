import { content } from '../../db/schema/writer.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { newRouter } from '../http/endpoint.ts'
import { ContentQuery, getContent, listContent, lockContent, updateContent } from './contents.ts'
import { Content, UpdateContent } from './schemas.ts'

export function contentRoutes(deps: Deps) {
  const app = newRouter()
  crud(app, deps, {
    path: '/content/',
    tag: 'writer',
    name: 'article',
    write: 'editor',
    table: content,
    row: Content,
    list: {
      summary: 'List articles',
      description:
        '`search` matches titles, keywords, slugs and excerpts of the tasks, but not the text of the articles.',
      query: ContentQuery,
      run: listContent,
    },
    get: getContent,
    lock: lockContent,
    update: {
      summary: 'Update an article',
      body: UpdateContent,
      run: (tx, _caller, before, input) => updateContent(tx, before, input),
    },
  })
  return app
}
