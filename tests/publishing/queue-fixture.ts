import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place } from './linked-blog.ts'

type Task = {
  status: string
  approved_at: string | null
  approved_by: string | null
  wp_status: string | null
  html_content: string
}
export type Publication = {
  id: number
  task_id: number
  run_id: number
  state: string
  held: string | null
  not_before: string | null
}
type Site = { wp_paused_at: string | null; wp_pause_reason: { code: string } | null }

/** A WordPress and an account, with a site of its own for each test, and what tests of the queue do with it. */
export class QueueFixture {
  wordpress!: WordPress
  service!: TestService
  owner!: Client
  place!: Place

  constructor() {
    beforeAll(async () => {
      this.wordpress = await startWordPress()
      const allowPrivateSites = [new URL(this.wordpress.url).host]
      this.service = await startTestService({ allowPrivateSites })
      this.owner = await this.service.owner()
      await this.service.sql`update accounts set credits = 100000
        where id = ${this.owner.accountId}`
    })
    beforeEach(async () => {
      this.place = await linkedBlog(this.owner, this.wordpress)
    })
    afterAll(async () => {
      await this.service?.stop()
      await this.wordpress?.stop()
    })
  }

  async taskOf(id: number): Promise<Task> {
    return (await this.owner.get<Task>(`writer/tasks/${id}/`)).body
  }

  async siteOf(): Promise<Site> {
    return (await this.owner.get<Site>(`auth/sites/${this.place.site_id}/`)).body
  }

  patchSite(change: object) {
    return this.owner.call('PATCH', `auth/sites/${this.place.site_id}/`, change)
  }

  async queue(): Promise<Publication[]> {
    const path = `publishing/queue/?site_id=${this.place.site_id}&page_size=200`
    return (await this.owner.get<{ results: Publication[] }>(path)).body.results
  }

  postsTitled(title: string) {
    return this.wordpress.query(
      `select ID, post_status from wp_posts where post_type = 'post' and post_title = ?`,
      title,
    )
  }

  /** Resolves to the id of the run. */
  async publish(ids: number[], more: object = {}): Promise<number> {
    const request = { ids, ...more }
    const { status, body } = await this.owner.post<{ task_id: number }>(
      'writer/tasks/publish/',
      request,
    )
    expect(status, JSON.stringify(body)).toBe(202)
    return body.task_id
  }

  /** Waits until the site's publications are as wanted, and resolves to them. */
  queued(is: (found: Publication[]) => boolean): Promise<Publication[]> {
    const wanted = async () => {
      const found = await this.queue()
      return is(found) && found
    }
    return until(wanted, { what: 'the wanted state of the queue' })
  }
}

export const allHeld = (held: string, n: number) => (found: Publication[]) =>
  found.length === n && found.every((one) => one.held === held && one.state === 'pending')
