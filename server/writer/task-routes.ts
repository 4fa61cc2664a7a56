import type { Deps } from '../deps.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { listAnswer } from '../http/lists.ts'
import { answer, IdParam, jsonBody } from '../http/schemas.ts'
import { bulkDeleteTasks, bulkUpdateTasks, deleteTask } from './bulk-tasks.ts'
import {
  BulkDeleted,
  BulkIds,
  BulkStatus,
  BulkUpdated,
  NewTask,
  Task,
  TaskRow,
  UpdateTask,
} from './schemas.ts'
import { getTask, listTasks, TaskQuery } from './tasks.ts'
import { createTask, updateTask } from './write-task.ts'

const tags = ['writer']

const update = {
  tags,
  path: '/tasks/{id}/',
  summary: 'Change a task or its article',
  description:
    'Site and sector stay as they are. `html_content` is the article, the same as on its content. ' +
    'Of `status` a person sets queued (to generate again), draft and review; the others are set by runs.',
  request: { params: IdParam, ...jsonBody(UpdateTask) },
  responses: { 200: answer('The task.', Task) },
} as const

const routes = {
  list: endpoint('viewer', {
    method: 'get',
    path: '/tasks/',
    tags,
    summary: 'List tasks',
    description: 'Without their articles: get a task, or its content, for `html_content`.',
    request: { query: TaskQuery },
    responses: { 200: answer('Tasks.', listAnswer(TaskRow)) },
  }),
  create: endpoint('editor', {
    method: 'post',
    path: '/tasks/',
    tags,
    summary: 'Create a task',
    request: jsonBody(NewTask),
    responses: { 201: answer('The task.', Task) },
  }),
  retrieve: endpoint('viewer', {
    method: 'get',
    path: '/tasks/{id}/',
    tags,
    summary: 'Get a task with its article',
    request: { params: IdParam },
    responses: { 200: answer('The task.', Task) },
  }),
  put: endpoint('editor', { method: 'put', ...update }),
  patch: endpoint('editor', { method: 'patch', ...update }),
  remove: endpoint('editor', {
    method: 'delete',
    path: '/tasks/{id}/',
    tags,
    summary: 'Delete a task with its article and images',
    description:
      'A post in WordPress stays there. The idea it was made from can be queued again. ' +
      'While a run works on the task this is a 409.',
    request: { params: IdParam },
    responses: { 204: { description: 'Deleted.' } },
  }),
  bulkDelete: endpoint('editor', {
    method: 'post',
    path: '/tasks/bulk_delete/',
    tags,
    summary: 'Delete tasks',
    request: jsonBody(BulkIds),
    responses: { 200: answer('What happened to each.', BulkDeleted) },
  }),
  bulkUpdate: endpoint('editor', {
    method: 'post',
    path: '/tasks/bulk_update/',
    tags,
    summary: "Set tasks' status",
    request: jsonBody(BulkStatus),
    responses: { 200: answer('What happened to each.', BulkUpdated) },
  }),
}

export function taskRoutes(deps: Deps) {
  const app = newRouter()
  const { withAccount } = deps.doors
  const read = { readOnly: true }
  app.openapi(routes.list, async (c) => {
    const query = c.req.valid('query')
    return c.json(
      await withAccount(callerOf(c).scope, (tx) => listTasks(tx, c.req.url, query), read),
      200,
    )
  })
  app.openapi(routes.create, async (c) =>
    c.json(await createTask(deps, callerOf(c), c.req.valid('json')), 201),
  )
  app.openapi(routes.bulkDelete, async (c) =>
    c.json(await bulkDeleteTasks(deps, callerOf(c), c.req.valid('json').ids), 200),
  )
  app.openapi(routes.bulkUpdate, async (c) =>
    c.json(await bulkUpdateTasks(deps, callerOf(c), c.req.valid('json')), 200),
  )
  app.openapi(routes.retrieve, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(await withAccount(callerOf(c).scope, (tx) => getTask(tx, id), read), 200)
  })
  for (const route of [routes.put, routes.patch]) {
    app.openapi(route, async (c) =>
      c.json(
        await updateTask(deps, callerOf(c), c.req.valid('param').id, c.req.valid('json')),
        200,
      ),
    )
  }
  app.openapi(routes.remove, async (c) => {
    await deleteTask(deps, callerOf(c), c.req.valid('param').id)
    return c.body(null, 204)
  })
  return app
}
