import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { runChecks, type Target } from '../../wp-bridge/client/connect/doctor.ts'
import { CHECKS, type Finding } from '../../wp-bridge/client/connect/findings.ts'
import type { Fetch } from '../../wp-bridge/client/http/transport.ts'
import { installBridge } from './bridge.ts'
import { startWordPress, type WordPress } from './wordpress.ts'

/** A WordPress with the plugin and an editor, which tests break in one way each. */
export class DoctorFixture {
  wp!: WordPress
  editor!: { user: string; appPassword: string }
  readonly #plugins: string[] = []
  readonly #servers: http.Server[] = []

  constructor() {
    beforeAll(async () => {
      this.wp = await startWordPress()
      this.editor = await this.wp.addUser('edith', 'editor')
      await installBridge(this.wp.root, this.wp.php)
    })
    afterAll(() => this.wp?.stop())
    afterEach(async () => {
      for (const name of this.#plugins.splice(0)) await this.wp.removeMuPlugin(name)
      for (const server of this.#servers.splice(0)) server.close()
    })
  }

  /** Runs PHP in every request until the test ends. */
  async plug(php: string): Promise<void> {
    const name = `fixture-${this.#plugins.length}`
    await this.wp.addMuPlugin({ name, php: `<?php ${php}` })
    this.#plugins.push(name)
  }

  /** Starts a server and returns its address. */
  async serve(handler: http.RequestListener): Promise<string> {
    const server = http.createServer({ keepAliveTimeout: 1 }, handler).listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#servers.push(server)
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Runs all checks as the editor. */
  check(changes: Partial<Target> = {}, fetched: Fetch = fetch): Promise<Finding[]> {
    const { user: username, appPassword } = this.editor
    return runChecks(fetched, { siteUrl: this.wp.url, username, appPassword, ...changes })
  }

  /** The only failed check. Every check before it passed, and none ran after a blocking one. */
  problemIn(findings: Finding[]): Finding {
    expect(findings.map(({ check }) => check)).toEqual(CHECKS)
    const failed = findings.filter(({ ok }) => ok === false)
    expect(failed.map(({ check, code, cause }) => ({ check, code, cause }))).toHaveLength(1)
    for (const { cause, remedy } of failed) {
      expect(cause).toMatch(/^\S.*[.:)]$/s)
      expect(remedy).toMatch(/^\S.*[.)]$/s)
    }
    expect(JSON.stringify(findings)).not.toContain(this.editor.appPassword)
    return failed[0]!
  }

  /** What the checks left in WordPress. */
  left() {
    return this.wp.query(
      `select post_title from wp_posts where post_name like 'igny8-check%' or post_title like 'igny8%'`,
    )
  }
}

/** A client that fails with an error of egress before it sends anything. */
export const failing = (code: string) => async () => {
  throw Object.assign(new Error('It cannot be reached.'), { code, sent: false })
}
