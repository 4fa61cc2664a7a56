import { eq } from 'drizzle-orm'
import { ai_prompts } from '../../db/schema/guidance.ts'
import type { Deps } from '../deps.ts'
import { crud } from '../http/crud.ts'
import { callerOf, endpoint, newRouter } from '../http/endpoint.ts'
import { IdParam, jsonBody, jsonResponse } from '../http/schemas.ts'
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
    summary: 'List default prompts',
    responses: {
      200: jsonResponse('The default prompt and the placeholders of each type.', DefaultPrompts),
    },
  }),
  dryRun: endpoint('viewer', {
    method: 'post',
    path: '/prompts/dry_run/',
    tags,
    summary: 'Render a prompt',
    description:
      'Renders a prompt with real data, as a run would send it. No provider is called. A clustering prompt ' +
      'needs `sector_id` and shows the keywords of that sector that have no cluster; an ideas prompt needs ' +
      '`cluster_id`; all others except `negative_prompt` need `task_id`. An image template shows the first ' +
      'image prompt of the task, or its title if there is none yet.',
    request: jsonBody(DryRun),
    responses: { 200: jsonResponse('The rendered prompt.', PromptDryRunResult) },
  }),
  reset: endpoint('admin', {
    method: 'post',
    path: '/prompts/{id}/reset_to_default/',
    tags,
    summary: 'Reset a prompt to its default',
    request: { params: IdParam },
    responses: { 200: jsonResponse('The prompt.', Prompt) },
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
    const caller = callerOf(c)
    const { id } = c.req.valid('param')
    const prompt = await withAccount(caller.scope, async (tx) => {
      const object = { type: 'prompt', id } as const
      const reset = await resetPrompt(tx, id)
      await audit(tx, caller, 'prompt.reset', { object })
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
      summary: 'List prompts',
      description:
        'Lists the prompts that the account has saved. All other types use their defaults; see prompts/defaults/.',
      query: PromptQuery,
      run: listPrompts,
    },
    get: getPrompt,
    create: {
      summary: 'Create a prompt',
      body: NewPrompt,
      run: createPrompt,
    },
    update: {
      summary: 'Update a prompt',
      body: UpdatePrompt,
      run: (tx, _caller, before, input) => updatePrompt(tx, before, input),
    },
    remove: {
      summary: 'Delete a prompt',
      run: (tx, _caller, { id }) => tx.delete(ai_prompts).where(eq(ai_prompts.id, id)),
    },
  })
  return app
}
