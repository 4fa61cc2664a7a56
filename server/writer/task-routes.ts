import { tasks } from '../../db/schema/writer.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { jsonBody, jsonResponse } from '../http/schemas.ts'
import { getTask } from '../tasks/get-task.ts'
import { bulkDeleteTasks, bulkUpdateTasks, deleteTask, lockToDelete } from './bulk-tasks.ts'
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
import { listTasks, TaskQuery } from './tasks.ts'
import { createTask, updateTask } from './write-task.ts'

const tags = ['writer']

const routes = {
  bulkDelete: endpoint('editor', {
    method: 'post',
    path: '/tasks/bulk_delete/',
    tags,
    summary: 'Delete tasks',
    request: jsonBody(BulkIds),
    responses: { 200: jsonResponse('The result of each ID.', BulkDeleted) },
  }),
  bulkUpdate: endpoint('editor', {
    method: 'post',
    path: '/tasks/bulk_update/',
    tags,
    summary: 'Update the status of tasks',
    request: jsonBody(BulkStatus),
    responses: { 200: jsonResponse('The result of each ID.', BulkUpdated) },
  }),
}

export function taskRoutes(deps: Deps) {
  const app = newRouter()
  app.openapi(routes.bulkDelete, async (c) =>
    c.json(await bulkDeleteTasks(deps, callerOf(c), c.req.valid('json').ids), 200),
  )
  app.openapi(routes.bulkUpdate, async (c) =>
    c.json(await bulkUpdateTasks(deps, callerOf(c), c.req.valid('json')), 200),
  )
  crud(app, deps, {
    path: '/tasks/',
    tag: 'writer',
    name: 'task',
    write: 'editor',
    table: tasks,
    row: Task,
    list: {
      tool: 'list_tasks',
      summary: 'List tasks',
      description: 'The list has no articles. Get a task or its content for `html_content`.',
      query: TaskQuery,
      row: TaskRow,
      run: listTasks,
    },
    get: getTask,
    getTool: 'get_task',
    lock: (tx, id) => lockToDelete(tx, [id]),
    create: { summary: 'Create a task', body: NewTask, run: createTask },
    update: {
      tool: 'update_task',
      summary: 'Update a task or its article',
      description:
        'Site and sector cannot be changed. `html_content` is the article, the same as on its content. You can ' +
        'set `status` to queued (to generate the article again), draft or review; runs set the other values.',
      body: UpdateTask,
      run: (tx, caller, { id }, input) => updateTask(tx, caller, id, input),
    },
    remove: {
      summary: 'Delete a task',
      description:
        'Deletes the task with its article and images, but not its post in WordPress. Its idea can be queued ' +
        'again. While a run works on the task, the request fails with 409.',
      run: (tx, _caller, { id }) => deleteTask(tx, id),
    },
  })
  return app
}
