import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { checkCredentials, revokeAppPassword } from '../../wp-bridge/client/connect/credentials.ts'
import { discoverRestRoot } from '../../wp-bridge/client/connect/discover.ts'
import { connect } from '../../wp-bridge/client/http/transport.ts'
import { publishPost } from '../../wp-bridge/client/publish/publish.ts'
import { type BreakingProxy, startBreakingProxy } from '../helpers/breaking-proxy.ts'
import { article } from './article.ts'
import { fileIntentLog } from './file-intent-log.ts'
import { startWordPress, type WordPress } from './wordpress.ts'

let wp: WordPress
const servers: http.Server[] = []
const plugins: string[] = []

beforeAll(async () => {
  wp = await startWordPress()
})
afterAll(() => wp?.stop())
afterEach(async () => {
  for (const name of plugins.splice(0)) await wp.removeMuPlugin(name)
  for (const server of servers.splice(0)) server.close()
})

async function plug(name: string, php: string): Promise<void> {
  await wp.addMuPlugin({ name, php: `<?php ${php}` })
  plugins.push(name)
}

/** A server that is no WordPress. */
async function serve(handler: http.RequestListener): Promise<string> {
  const server = http.createServer({ keepAliveTimeout: 1 }, handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The same WordPress at another address than it believes, without sending visitors to its own. */
async function proxyBefore({ url }: WordPress): Promise<BreakingProxy> {
  await plug('no-canonical', `remove_action('template_redirect', 'redirect_canonical');`)
  return startBreakingProxy(url)
}

const check = (changes: Partial<Parameters<typeof checkCredentials>[1]> = {}) =>
  checkCredentials(fetch, {
    siteUrl: wp.url,
    username: wp.user,
    appPassword: wp.appPassword,
    ...changes,
  })

describe('discoverRestRoot', () => {
  it('finds the root from several forms of the site address', async () => {
    for (const form of [wp.url, `${wp.url}/`, ` ${wp.url} `, `${wp.url}/wp-admin/`]) {
      expect(await discoverRestRoot(fetch, form)).toBe(`${wp.url}/wp-json/`)
    }
  })

  it('finds the root with plain permalinks, and can use it', async () => {
    const plain = await startWordPress()
    await plain.setOption('permalink_structure', '')
    const { user, appPassword } = plain
    const { rest_root } = await check({ siteUrl: plain.url, username: user, appPassword })
    expect(rest_root).toBe(`${plain.url}/index.php?rest_route=/`)
    const api = connect({ fetch, restRoot: rest_root, username: user, appPassword })
    const intentLog = fileIntentLog(`${plain.dir}/intents.json`)
    const receipt = await publishPost({ api, post: await article('plain'), intentLog, settleMs: 1 })
    expect(receipt.fields.every(({ state }) => state === 'applied')).toBe(true)
    await plain.stop()
  })

  it('finds the root of a WordPress in a folder', async () => {
    const blog = await startWordPress({ path: '/blog' })
    expect(await discoverRestRoot(fetch, blog.url)).toBe(`${blog.url}/wp-json/`)
    await blog.stop()
  })

  it('finds the root when a plugin removed the links to it', async () => {
    await plug(
      'linkless',
      `remove_action('wp_head', 'rest_output_link_wp_head', 10);
      remove_action('template_redirect', 'rest_output_link_header', 11);`,
    )
    const page = await fetch(wp.url)
    expect(page.headers.get('link')).toBeNull()
    expect(await discoverRestRoot(fetch, wp.url)).toBe(`${wp.url}/wp-json/`)
  })

  it('uses the <link> of the page when there is no header', async () => {
    await plug(
      'headless',
      `remove_action('template_redirect', 'rest_output_link_header', 11);
      add_filter('rest_url_prefix', fn() => 'api');`,
    )
    await wp.php('flush_rewrite_rules();')
    expect(await discoverRestRoot(fetch, wp.url)).toBe(`${wp.url}/api/`)
    await wp.removeMuPlugin(plugins.pop()!)
    await wp.php('flush_rewrite_rules();')
  })

  it('stays on the given origin when the site names another address', async () => {
    const proxy = await proxyBefore(wp)
    const { rest_root } = await check({ siteUrl: proxy.url })
    expect(rest_root).toBe(`${proxy.url}/wp-json/`)
    await proxy.stop()
  })

  it.each(['example.com', 'ftp://example.com', 'https://me:secret@example.com', 'nothing at all'])(
    'refuses %s as an address',
    async (siteUrl) => {
      const refused = discoverRestRoot(fetch, siteUrl)
      await expect(refused).rejects.toMatchObject({ code: 'site_url_invalid' })
      await expect(refused).rejects.not.toThrow(/secret/)
    },
  )

  it('names the address that a site redirects to', async () => {
    const siteUrl = await serve((_, response) => {
      response.writeHead(301, { location: 'https://www.example.com/?token=1' }).end()
    })
    await expect(discoverRestRoot(fetch, siteUrl)).rejects.toMatchObject({
      code: 'redirected',
      remedy: expect.stringContaining('https://www.example.com'),
      message: expect.not.stringContaining('token'),
    })
  })

  it('names the address of WordPress when the given one redirects there', async () => {
    const proxy = await startBreakingProxy(wp.url)
    await expect(discoverRestRoot(fetch, proxy.url)).rejects.toMatchObject({
      code: 'redirected',
      remedy: expect.stringContaining(wp.url),
    })
    await proxy.stop()
  })

  it('finds no root on a site that is not WordPress', async () => {
    const siteUrl = await serve((_, response) => response.end('<h1>A bakery</h1>'))
    await expect(discoverRestRoot(fetch, siteUrl)).rejects.toMatchObject({ code: 'not_wordpress' })
  })

  it('reads only the start of an endless page', async () => {
    const siteUrl = await serve((_, response) => {
      const block = Buffer.alloc(1024 * 1024, 'a')
      const more = (): void => void response.write(block, (error) => error ?? more())
      more()
    })
    const refused = discoverRestRoot(fetch, siteUrl)
    await expect(refused).rejects.toMatchObject({ code: 'not_wordpress' })
  })

  it('reports a site that does not listen', async () => {
    const siteUrl = await serve(() => {})
    for (const server of servers.splice(0)) {
      server.close()
      await once(server, 'close')
    }
    const refused = discoverRestRoot(fetch, siteUrl)
    await expect(refused).rejects.toMatchObject({ code: 'connection_lost', retryable: true })
  })

  it('passes on the error of a guarded fetch', async () => {
    const guarded = async () => {
      const code = 'egress_address_not_allowed'
      throw Object.assign(new Error('a private address'), { code, sent: false })
    }
    await expect(discoverRestRoot(guarded, 'https://example.com')).rejects.toMatchObject({
      code: 'egress_address_not_allowed',
      message: 'a private address',
      outcome: 'not_done',
      retryable: false,
    })
  })
})

describe('checkCredentials', () => {
  it('accepts an administrator and returns the capabilities', async () => {
    expect(await check()).toMatchObject({
      rest_root: `${wp.url}/wp-json/`,
      user: { roles: ['administrator'] },
      site_name: expect.any(String),
      can: { edit_posts: true, publish_posts: true, upload_files: true, unfiltered_html: true },
    })
  })

  it('accepts an author', async () => {
    const { user, appPassword } = await wp.addUser('andrea', 'author')
    expect((await check({ username: user, appPassword })).can).toMatchObject({
      publish_posts: true,
      manage_categories: false,
      unfiltered_html: false,
    })
  })

  it.each([
    ['subscriber', 'cannot_write_posts'],
    ['contributor', 'cannot_upload_files'],
  ])('refuses a %s', async (role, code) => {
    const { user, appPassword } = await wp.addUser(`a-${role}`, role)
    await expect(check({ username: user, appPassword })).rejects.toMatchObject({ code })
  })

  it.each([
    ['password', { appPassword: 'xxxx xxxx xxxx xxxx xxxx xxxx' }],
    ['user name', { username: 'nobody' }],
  ])('refuses a wrong %s without repeating it', async (_, changes) => {
    const error: Error = await check(changes).catch((refusal) => refusal)
    expect(error).toMatchObject({ code: 'wrong_credentials', status: 401, retryable: false })
    const everything = JSON.stringify({ ...error, message: error.message, cause: error.cause })
    expect(everything).not.toContain('xxxx')
    expect(everything).not.toContain(wp.appPassword)
  })

  it('reports that application passwords are turned off', async () => {
    await plug(
      'no-passwords',
      `add_filter('wp_is_application_passwords_available', '__return_false');`,
    )
    await expect(check()).rejects.toMatchObject({ code: 'application_passwords_unavailable' })
  })

  it('names the Authorization header in the remedy when the server drops it', async () => {
    await plug('headerless', `unset($_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW']);`)
    await expect(check()).rejects.toMatchObject({
      code: 'wrong_credentials',
      remedy: expect.stringContaining('Authorization header'),
    })
  })

  it('reports that the REST API is turned off', async () => {
    await plug(
      'no-rest',
      `add_filter('rest_authentication_errors', fn() => new WP_Error('rest_off', 'Off', ['status' => 403]));`,
    )
    await expect(check()).rejects.toMatchObject({ code: 'rest_disabled' })
  })

  it('accepts a REST API that requires authentication', async () => {
    await plug(
      'members-only',
      `add_filter('rest_authentication_errors', fn($r) => $r ?: (is_user_logged_in() ? $r
        : new WP_Error('rest_login_required', 'Members only', ['status' => 401])));`,
    )
    expect(await check()).toMatchObject({ rest_root: `${wp.url}/wp-json/` })
  })

  it('reports a web page in place of the REST API', async () => {
    const proxy = await proxyBefore(wp)
    proxy.choose(({ url }) => (url.includes('users/me') ? 'html_before' : null))
    await expect(check({ siteUrl: proxy.url })).rejects.toMatchObject({
      code: 'blocked_by_firewall',
      outcome: 'unknown',
    })
    await proxy.stop()
  })

  it('does not send credentials after a redirect', async () => {
    const arrived: (string | undefined)[] = []
    const elsewhere = await serve((request, response) => {
      arrived.push(request.headers.authorization)
      response.end('{}')
    })
    const siteUrl = await serve((request, response) => {
      const isIndex = !request.headers.authorization
      if (isIndex) response.end('{"namespaces":["wp/v2"]}')
      else response.writeHead(307, { location: `${elsewhere}/wp-json/` }).end()
    })
    await expect(check({ siteUrl })).rejects.toMatchObject({
      code: 'redirected',
      remedy: expect.stringContaining(elsewhere),
    })
    expect(arrived).toEqual([])
  })

  it('revokes the password, and succeeds when it is already revoked', async () => {
    const { user, appPassword } = await wp.addUser('leaving', 'editor')
    const restRoot = `${wp.url}/wp-json/`
    const api = connect({ fetch, restRoot, username: user, appPassword })
    await revokeAppPassword(api)
    const refused = check({ username: user, appPassword })
    await expect(refused).rejects.toMatchObject({ code: 'wrong_credentials' })
    await revokeAppPassword(api)
  })
})
