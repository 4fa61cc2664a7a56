import { eq } from 'drizzle-orm'
import { content_ideas } from '../../db/schema/planner.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { jsonBody, jsonResponse } from '../http/schemas.ts'
import { createIdea, getIdea, IdeaQuery, listIdeas, updateIdea } from './ideas.ts'
import { queueIdeas } from './queue-ideas.ts'
import { BulkIds, Idea, NewIdea, Queued, UpdateIdea } from './schemas.ts'

const tags = ['planner']

const queue = endpoint('editor', {
  method: 'post',
  path: '/ideas/bulk_queue_to_writer/',
  'x-mcp-tool': { name: 'queue_ideas' },
  tags,
  summary: 'Queue ideas to the writer',
  description:
    'Creates a writer task for each idea. An idea has at most one task: queueing it again returns that task.',
  request: jsonBody(BulkIds),
  responses: {
    200: jsonResponse('All ideas already had a task; these are their tasks.', Queued),
    201: jsonResponse('The tasks.', Queued),
  },
})

export function ideaRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(queue, async (c) => {
    const { created, ...queued } = await queueIdeas(deps, callerOf(c), c.req.valid('json').ids)
    return created > 0 ? c.json(queued, 201) : c.json(queued, 200)
  })
  crud(app, deps, {
    path: '/ideas/',
    tag: 'planner',
    name: 'idea',
    write: 'editor',
    table: content_ideas,
    row: Idea,
    list: { tool: 'list_ideas', summary: 'List content ideas', query: IdeaQuery, run: listIdeas },
    get: getIdea,
    create: { summary: 'Create a content idea', body: NewIdea, run: createIdea },
    update: {
      summary: 'Update a content idea',
      body: UpdateIdea,
      run: (tx, _caller, before, input) => updateIdea(tx, before, input),
    },
    remove: {
      summary: 'Delete a content idea',
      description: 'A task that was created from it is kept.',
      run: (tx, _caller, { id }) => tx.delete(content_ideas).where(eq(content_ideas.id, id)),
    },
  })
  return app
}
