import { eq } from 'drizzle-orm'
import { ai_prompts } from '../../db/schema/guidance.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { answer, IdParam, jsonBody } from '../http/schemas.ts'
import { audit } from '../observability/audit.ts'
import { dryRunPrompt } from './dry-run-prompt.ts'
import {
  createPrompt,
  defaultPrompts,
  getPrompt,
  listPrompts,
  PromptQuery,
  resetPrompt,
  updatePrompt,
} from './prompts.ts'
import {
  DefaultPrompts,
  DryRun,
  NewPrompt,
  Prompt,
  PromptDryRunResult,
  UpdatePrompt,
} from './schemas.ts'

const tags = ['system']

const routes = {
  defaults: endpoint('viewer', {
    method: 'get',
    path: '/prompts/defaults/',
    tags,
    summary: 'The default of each prompt type, and the placeholders it knows',
    responses: { 200: answer('All types.', DefaultPrompts) },
  }),
  dryRun: endpoint('viewer', {
    method: 'post',
    path: '/prompts/dry_run/',
    tags,
    summary: 'Render a prompt with real data, as a run would send it; no provider is called',
    description:
      'Clustering needs `sector_id` and shows its keywords that are in no cluster; ideas need ' +
      '`cluster_id`; the others but negative_prompt `task_id`. An image template shows the first ' +
      "prompt of the task's images, or its title while there is none.",
    request: jsonBody(DryRun),
    responses: { 200: answer('The text.', PromptDryRunResult) },
  }),
  reset: endpoint('admin', {
    method: 'post',
    path: '/prompts/{id}/reset_to_default/',
    tags,
    summary: 'Give a prompt its default again',
    request: { params: IdParam },
    responses: { 200: answer('The prompt.', Prompt) },
  }),
}

export function promptRoutes(deps: Deps) {
  const app = newRouter()
  const { withAccount } = deps.database
  app.openapi(routes.defaults, (c) => c.json({ prompts: defaultPrompts() }, 200))
  app.openapi(routes.dryRun, async (c) => {
    const rendered = await withAccount(
      callerOf(c).scope,
      (tx) => dryRunPrompt(tx, c.req.valid('json')),
      { readOnly: true },
    )
    return c.json(rendered, 200)
  })
  app.openapi(routes.reset, async (c) => {
    const { scope, accountId, userId, requestId } = callerOf(c)
    const { id } = c.req.valid('param')
    const prompt = await withAccount(scope, async (tx) => {
      const object = { type: 'prompt', id }
      const reset = await resetPrompt(tx, id)
      await audit(tx, { accountId, userId, requestId, action: 'prompt.reset', object })
      return reset
    })
    return c.json(prompt, 200)
  })
  crud(app, deps, {
    path: '/prompts/',
    tag: 'system',
    name: 'prompt',
    write: 'admin',
    table: ai_prompts,
    row: Prompt,
    list: {
      summary: 'List the prompts that the account saved',
      description: 'Types that are not in the list use their defaults: see prompts/defaults/.',
      query: PromptQuery,
      run: listPrompts,
    },
    get: getPrompt,
    create: {
      summary: "Save the account's own prompt of a type",
      body: NewPrompt,
      run: createPrompt,
    },
    update: {
      summary: 'Change a prompt',
      body: UpdatePrompt,
      run: (tx, _caller, before, input) => updatePrompt(tx, before, input),
    },
    remove: {
      summary: 'Delete a prompt; its type uses the default then',
      run: (tx, _caller, { id }) => tx.delete(ai_prompts).where(eq(ai_prompts.id, id)),
    },
  })
  return app
}
