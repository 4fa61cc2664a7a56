import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { type GscServer, startGscServer } from '../helpers/gsc-server.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector, type Sector } from '../planner/sector.ts'

export const OAUTH_CLIENT = {
  id: 'a-client.apps.googleusercontent.com',
  secret: 'GOCSPX-very-secret-1234',
}
export const GSC = 'system/settings/integrations/gsc/'
export const PROPERTY = 'sc-domain:example.com'

/** A service with a stand-in for Google, and a new account for each test. */
export class SearchConsoleFixture {
  google!: GscServer
  service!: TestService
  owner!: Client
  /** Everything that the service has logged. */
  readonly logged: unknown[] = []

  constructor() {
    beforeAll(async () => {
      this.google = await startGscServer(OAUTH_CLIENT)
      const note = (fields: object) => void this.logged.push(fields)
      this.service = await startTestService({
        allowPrivateSites: [this.google.hostPort],
        googleUrls: this.google.urls,
        logger: { info: note, warn: note, error: note },
      })
    })
    beforeEach(async () => {
      this.owner = await this.service.owner()
    })
    afterAll(async () => {
      await this.service?.stop()
      await this.google?.stop()
    })
  }

  saveClient(fields: object = {}) {
    const config = { client_id: OAUTH_CLIENT.id, client_secret: OAUTH_CLIENT.secret, ...fields }
    return this.owner.call('PUT', GSC, { config })
  }

  /** Connects as a person does: gets the link, grants access at Google and follows the callback. */
  async connect(): Promise<{ status: number; text: string }> {
    const { body } = await this.owner.post<{ authorize_url: string }>(`${GSC}connect/`)
    const response = await fetch(this.google.grant(body.authorize_url))
    return { status: response.status, text: await response.text() }
  }

  /** Resolves to a new sector of the connected account. */
  async connected(): Promise<Sector> {
    await this.saveClient()
    expect((await this.connect()).status).toBe(200)
    return newSector(this.owner)
  }
}
