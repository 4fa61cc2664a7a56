import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { type OpenAiServer, startOpenAiServer } from '../helpers/openai-server.ts'
import { type RunwareServer, startRunwareServer } from '../helpers/runware-server.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

export const SETTINGS = 'system/settings/integrations/'
export const KEY = 'sk-the-key-of-openai-1234'
export const RUNWARE_KEY = 'rw-the-key-of-runware-5678'

export let openai: OpenAiServer
export let runware: RunwareServer
export let service: TestService
/** Of an account that is new for each test. */
export let owner: Client

/** A service for the tests of a file, with what stands in for OpenAI and for Runware. */
export function withProviders(): void {
  beforeAll(async () => {
    openai = await startOpenAiServer({ apiKey: KEY })
    runware = await startRunwareServer({ apiKey: RUNWARE_KEY })
    service = await startTestService({ allowPrivateSites: [openai.hostPort, runware.hostPort] })
  })
  beforeEach(async () => {
    owner = await service.owner()
  })
  afterAll(async () => {
    await service?.stop()
    await openai?.stop()
    await runware?.stop()
  })
}

export type Integration = {
  integration_type: string
  config: Record<string, string | null>
  is_active: boolean
  updated_at: string | null
}

export const save = (type: string, config: object, is_active?: boolean) =>
  owner.call<Integration>('PUT', `${SETTINGS}${type}/`, { config, is_active })
export const saveOpenAi = () => save('openai', { api_key: KEY, base_url: openai.url })
export const saveRunware = () => save('runware', { api_key: RUNWARE_KEY, base_url: runware.url })
