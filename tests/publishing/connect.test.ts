import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withPage } from '../helpers/chromium.ts'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { until } from '../helpers/until.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'

let wordpress: WordPress
let service: TestService
let owner: Client
const logged: string[] = []
const log = (fields: object, message: string) => {
  logged.push(JSON.stringify(fields) + message)
}

beforeAll(async () => {
  wordpress = await startWordPress()
  service = await startTestService({
    allowPrivateSites: [new URL(wordpress.url).host],
    logger: { info: log, warn: log, error: log },
  })
  owner = await service.owner()
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

async function newSite(): Promise<number> {
  return (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body.id
}

const connect = (site: number, client = owner, wp_url = wordpress.url) =>
  client.post<{ authorize_url: string }>(`auth/sites/${site}/wordpress/connect/`, { wp_url })

/** The state of a connection that was begun. */
async function begun(site: number): Promise<string> {
  const { status, body } = await connect(site)
  expect(status).toBe(200)
  const success = new URL(new URL(body.authorize_url).searchParams.get('success_url')!)
  return success.searchParams.get('state')!
}

/** What WordPress's page makes the browser do. */
const answer = (state: string, query: Record<string, string> = {}) =>
  fetch(`${service.url}/connect/wordpress?${new URLSearchParams({ state, ...query })}`, {
    redirect: 'manual',
  })
const credentials = () => ({
  site_url: wordpress.url,
  user_login: wordpress.user,
  password: wordpress.appPassword,
})

async function outcome(state: string, title: RegExp): Promise<string> {
  const outcomeUrl = `${service.url}/connect/wordpress/outcome?state=${state}`
  const checked = async () => {
    const page = await (await fetch(outcomeUrl)).text()
    const found = /<h1>(.*)<\/h1>/.exec(page)![1]!
    return !found.startsWith('Checking') && { page, found }
  }
  const { page, found } = await until(checked, { what: 'the outcome of the connection' })
  expect(found).toMatch(title)
  return page
}

const linkOf = async (site: number) =>
  (await service.sql`select wp_url, wp_username from sites where id = ${site}`)[0]

describe('linking with one click', () => {
  it('is approved in WordPress by its owner, in a browser', async () => {
    const site = await newSite()
    const { body } = await connect(site)
    expect(body.authorize_url).toMatch(`${wordpress.url}/wp-admin/authorize-application.php?`)
    const seen = await withPage(body.authorize_url, async (page) => {
      await page.fill('#user_login', wordpress.user)
      await page.fill('#user_pass', wordpress.password)
      await page.click('#wp-submit')
      // Who approves may be another person than who asked: they see whom they let in.
      await page.getByText('igny8 for Test account (20').first().waitFor()
      await page.click('#approve')
      await page.waitForURL(/\/connect\/wordpress\/outcome\?state=/)
      await page.getByRole('heading', { name: 'The site is connected' }).waitFor()
      return { url: page.url(), referrer: await page.evaluate(() => document.referrer) }
    })
    expect(seen.url).not.toContain('password')
    expect(await linkOf(site)).toEqual({ wp_url: wordpress.url, wp_username: wordpress.user })
    const [made] = JSON.parse(
      await wordpress.php(`echo wp_json_encode(array_values(array_filter(
        WP_Application_Passwords::get_user_application_passwords(get_user_by('login', '${wordpress.user}')->ID),
        fn($one) => $one['app_id'] !== '')));`),
    )
    expect(made.name).toMatch(/^igny8 for Test account \(20/)
    expect(logged.filter((line) => /password=|user_login=/.test(line))).toEqual([])
  })

  it('is refused in WordPress by its owner', async () => {
    const site = await newSite()
    const { body } = await connect(site)
    await withPage(body.authorize_url, async (page) => {
      await page.fill('#user_login', wordpress.user)
      await page.fill('#user_pass', wordpress.password)
      await page.click('#wp-submit')
      await page.click('#reject')
      await page.getByRole('heading', { name: 'The site was not connected' }).waitFor()
    })
    expect(await linkOf(site)).toEqual({ wp_url: null, wp_username: null })
  })

  it('accepts one of many simultaneous answers', async () => {
    const site = await newSite()
    const state = await begun(site)
    const before = await service.sql`select id from runs where kind = 'link_wordpress'`
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => answer(state, credentials())))
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303, 303, 303])
    for (const { headers } of answers) {
      expect(headers.get('location')).toBe(`/connect/wordpress/outcome?state=${state}`)
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
    const after = await service.sql`select id from runs where kind = 'link_wordpress'`
    expect(after.length - before.length).toBe(1)
    await outcome(state, /is connected/)
  })

  it('explains why WordPress’s answer is refused', async () => {
    const site = await newSite()
    const state = await begun(site)
    await answer(state, { ...credentials(), password: 'xxxx xxxx xxxx' })
    expect(await outcome(state, /could not be connected/)).toContain(
      'does not accept this user name',
    )
    expect(await linkOf(site)).toEqual({ wp_url: null, wp_username: null })
  })

  it('refuses a state that is unknown, expired, or of a user without access', async () => {
    const site = await newSite()
    for (const state of ['', 'x', 'x'.repeat(5_000), '%00', "' or 1=1"]) {
      expect((await answer(state, credentials())).status).toBe(303)
      const page = await fetch(
        `${service.url}/connect/wordpress/outcome?state=${encodeURIComponent(state)}`,
      )
      expect(page.status).toBe(404)
    }
    const late = await begun(site)
    await service.sql`update wordpress_connections set expires_at = now() where site_id = ${site}`
    await answer(late, credentials())
    await outcome(late, /has expired/)
    const admin = await addUser(owner, 'admin')
    const { body } = await connect(site, admin)
    const success = new URL(new URL(body.authorize_url).searchParams.get('success_url')!)
    const theirs = success.searchParams.get('state')!
    await owner.call('PATCH', `auth/users/${admin.userId}/`, { role: 'editor' })
    await answer(theirs, credentials())
    expect(await linkOf(site)).toEqual({ wp_url: null, wp_username: null })
  })

  it('checks first that there is a WordPress with application passwords', async () => {
    const site = await newSite()
    expect(await connect(site, owner, 'http://169.254.169.254')).toMatchObject({
      status: 422,
      body: { code: 'site_check_failed', cause_code: 'egress_address_not_allowed' },
    })
    await wordpress.addMuPlugin({
      name: 'none',
      php: `<?php add_filter('wp_is_application_passwords_available', '__return_false');`,
    })
    expect(await connect(site)).toMatchObject({
      status: 422,
      body: { cause_code: 'application_passwords_unavailable' },
    })
    await wordpress.removeMuPlugin('none')
  })

  it('is allowed to admins on their own sites only', async () => {
    const site = await newSite()
    expect((await connect(site, await addUser(owner, 'editor', [site]))).status).toBe(403)
    expect((await connect(site, await service.owner('Others'))).status).toBe(404)
  })

  it('shows the state to nobody else, and stores it nowhere', async () => {
    const state = await begun(await newSite())
    const rows = await service.sql`select * from wordpress_connections`
    const audits = await service.sql`select * from audit_log`
    const runs = await service.sql`select * from runs`
    expect(JSON.stringify([rows, audits, runs, logged])).not.toContain(state)
  })
})
