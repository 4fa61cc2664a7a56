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
      summary: 'Create an author profile',
      description:
        'A profile sets the tone, the language and the sections of ideas and articles. A task uses its own ' +
        "profile, otherwise that of its strategy, otherwise the account's default. Inactive profiles are skipped.",
      body: NewAuthorProfile,
      run: createAuthorProfile,
    },
    update: {
      summary: 'Update an author profile',
      body: UpdateAuthorProfile,
      run: (tx, _caller, before, input) => updateAuthorProfile(tx, before, input),
    },
    remove: {
      summary: 'Delete an author profile',
      run: (tx, _caller, { id }) => tx.delete(author_profiles).where(eq(author_profiles.id, id)),
    },
  })
  return app
}
