import { eq } from 'drizzle-orm'
import { author_profiles } from '../../db/schema/guidance.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { newRouter } from '../http/endpoint.ts'
import {
  AuthorProfileQuery,
  createAuthorProfile,
  getAuthorProfile,
  listAuthorProfiles,
  updateAuthorProfile,
} from './author-profiles.ts'
import { AuthorProfile, NewAuthorProfile, UpdateAuthorProfile } from './schemas.ts'

export function authorProfileRoutes(deps: Deps) {
  const app = newRouter()
  crud(app, deps, {
    path: '/author_profiles/',
    tag: 'system',
    name: 'author profile',
    write: 'admin',
    table: author_profiles,
    row: AuthorProfile,
    list: {
      summary: 'List author profiles',
      query: AuthorProfileQuery,
      run: listAuthorProfiles,
    },
    get: getAuthorProfile,
    create: {
      summary: 'Add an author profile',
      description:
        "Ideas and articles are written in its tone and language and its template's sections. Used is " +
        "the task's profile, else its strategy's, else the account's default; inactive ones are passed over.",
      body: NewAuthorProfile,
      run: createAuthorProfile,
    },
    update: {
      summary: 'Change an author profile',
      body: UpdateAuthorProfile,
      run: (tx, _caller, before, input) => updateAuthorProfile(tx, before, input),
    },
    remove: {
      summary: 'Delete an author profile; tasks and strategies name none then',
      run: (tx, _caller, { id }) => tx.delete(author_profiles).where(eq(author_profiles.id, id)),
    },
  })
  return app
}
