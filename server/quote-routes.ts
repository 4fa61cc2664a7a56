import { z } from '@hono/zod-openapi'
import type { Tx } from '../db/database.ts'
import { balanceOf } from './billing/credits.ts'
import { limitsPassedBy } from './billing/usage-limits.ts'
import type { Deps } from './deps.ts'
import type { Caller } from './http/caller.ts'
import { callerOf, endpoint, newRouter } from './http/endpoint.ts'
import { jsonBody, jsonResponse } from './http/schemas.ts'
import { planClustering } from './planner/plan-clustering.ts'
import { planIdeas } from './planner/plan-ideas.ts'
import { ClusterKeywords, GenerateIdeas } from './planner/schemas.ts'
import { planPublishing } from './publishing/plan-publishing.ts'
import { PublishTasks } from './publishing/schemas.ts'
import type { RunPlan } from './runs/accept-run.ts'
import { planContent, planImages } from './writer/plan-generation.ts'
import { GenerateContent, GenerateImages } from './writer/schemas.ts'

/** Each operation with the body of its endpoint; the same code plans the quote and the run. */
const QuoteRequest = z
  .discriminatedUnion('operation', [
    z.strictObject({ operation: z.literal('auto_cluster'), request: ClusterKeywords }),
    z.strictObject({ operation: z.literal('auto_generate_ideas'), request: GenerateIdeas }),
    z.strictObject({ operation: z.literal('auto_generate_content'), request: GenerateContent }),
    z.strictObject({ operation: z.literal('auto_generate_images'), request: GenerateImages }),
    z.strictObject({ operation: z.literal('publish'), request: PublishTasks }),
  ])
  .openapi({ description: '`request` is the body that you would send to the operation.' })

const Quote = z
  .object({
    credits: z
      .int()
      .openapi({ description: 'The credits that the run would hold. It never costs more.' }),
    steps: z.int(),
    balance: z.int(),
    affordable: z.boolean(),
    limits_reached: z
      .array(
        z.object({
          limit: z.string(),
          limit_value: z.int(),
          used: z.int(),
          resets_at: z.string(),
        }),
      )
      .openapi({ description: 'The limits of the plan that the run would exceed now.' }),
  })
  .openapi('Quote')

const route = endpoint('editor', {
  method: 'post',
  path: '/quote/',
  'x-mcp-tool': { name: 'quote', readOnlyHint: true },
  tags: ['billing'],
  summary: 'Quote a run',
  request: jsonBody(QuoteRequest),
  responses: { 200: jsonResponse('The quote.', Quote) },
})

/** Served below billing/, but not part of it: it imports the features whose runs it quotes. */
export function quoteRoutes({ database }: Deps) {
  const app = newRouter()
  app.openapi(route, async (c) => {
    const caller = callerOf(c)
    const asked = c.req.valid('json')
    const quote = await database.withAccount(caller.scope, async (tx) => {
      const { steps } = await planOf(tx, asked, caller)
      const credits = steps.reduce((sum, { price }) => sum + price, 0)
      const balance = await balanceOf(tx, caller.accountId)
      const kinds = steps.map(({ contract, price }) => ({ kind: contract.name, price }))
      const limits_reached = await limitsPassedBy(tx, caller.accountId, kinds)
      const affordable = credits <= balance
      return { credits, steps: steps.length, balance, affordable, limits_reached }
    })
    return c.json(quote, 200)
  })
  return app
}

function planOf(tx: Tx, asked: z.infer<typeof QuoteRequest>, caller: Caller): Promise<RunPlan> {
  switch (asked.operation) {
    case 'auto_cluster':
      return planClustering(tx, asked.request)
    case 'auto_generate_ideas':
      return planIdeas(tx, asked.request)
    case 'auto_generate_content':
      return planContent(tx, asked.request, caller)
    case 'auto_generate_images':
      return planImages(tx, asked.request, caller)
    case 'publish':
      return planPublishing(tx, asked.request)
  }
}
