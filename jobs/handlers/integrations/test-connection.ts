import { z } from 'zod'
import { INTEGRATION_TYPES, type IntegrationType } from '../../../db/schema/integrations.ts'
import { readIntegrations } from '../../../server/ai/account-integrations.ts'
import { ImageChoice } from '../../../server/ai/image-models.ts'
import {
  type IntegrationRow,
  openAiOptions,
  runwareOptions,
} from '../../../server/ai/open-integration.ts'
import { openAiModels } from '../../../server/ai/openai.ts'
import { runwareBalance } from '../../../server/ai/runware.ts'
import { listProperties, type Property } from '../../../server/google/search-console.ts'
import { StepError, type StepHandler, type StepJob } from '../../steps/step.ts'
import { askService } from '../ask-service.ts'
import { openGrant } from './open-grant.ts'

const Params = z.object({ integration_type: z.enum(INTEGRATION_TYPES) })
type Found = { message: string; warnings: string[]; properties?: Property[] }

/** Tests an integration with its saved settings, for free. */
export const testConnection: StepHandler = async (job) => {
  const { integration_type } = Params.parse(job.step.params)
  const rows = await job.read(async (tx) => (await readIntegrations(tx, job.scope.accountId)).rows)
  await job.requested('test_connection', `Tested the ${integration_type} integration`)
  const found = await test(job, rows, integration_type)
  return { message: found.message, result: { integration_type, ...found } }
}

type Rows = Partial<Record<IntegrationType, IntegrationRow>>

function test(job: StepJob, rows: Rows, type: IntegrationType): Promise<Found> {
  const row = rows[type]
  if (!row)
    throw new StepError('not_found', `The ${type} integration has no settings. Save them first.`)
  switch (type) {
    case 'openai':
      return testOpenAi(job, row)
    case 'runware':
      return testRunware(job, row)
    case 'gsc':
      return testSearchConsole(job)
    case 'image_generation':
      return testImages(job, rows, row)
  }
}

async function testOpenAi(job: StepJob, row: IntegrationRow): Promise<Found> {
  const { models, wanted, host } = await askService(
    async () => {
      const options = await openAiOptions(job.deps, row)
      const wanted = [options.model, options.imageModel]
      const models = await openAiModels(options, job.signal)
      return { models, wanted, host: new URL(options.baseUrl).host }
    },
    { retry: false },
  )
  const missing = wanted.filter((model) => !models.includes(model))
  const warnings = missing.map((model) => `${host} does not list the model ${model}.`)
  return { message: `${host} works and lists ${models.length} models.`, warnings }
}

async function testRunware(job: StepJob, row: IntegrationRow): Promise<Found> {
  const balance = await askService(
    async () => runwareBalance(await runwareOptions(job.deps, row), job.signal),
    { retry: false },
  )
  const told = balance === undefined ? '' : ` The balance is $${balance.toFixed(2)}.`
  const warnings =
    balance !== undefined && balance <= 0
      ? ['The account at Runware has no credit left. Add some there.']
      : []
  return { message: `Runware works.${told}`, warnings }
}

async function testSearchConsole(job: StepJob): Promise<Found> {
  const properties = await askService(
    async () => {
      const { google, token } = await openGrant(job)
      return listProperties(google, token)
    },
    { retry: false },
  )
  const warnings =
    properties.length > 0 ? [] : ['The connected user has no access to any property.']
  return {
    message: `Google works and lists ${properties.length} properties.`,
    warnings,
    properties,
  }
}

async function testImages(job: StepJob, rows: Rows, row: IntegrationRow): Promise<Found> {
  const { provider } = ImageChoice.parse(row.config)
  if (provider === 'local') return { message: 'The local provider draws the images.', warnings: [] }
  if (provider) return test(job, rows, provider)
  const message = 'No provider is chosen, so the active integration makes the images.'
  return { message, warnings: [] }
}
