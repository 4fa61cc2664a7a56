import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runChecks, type Target } from '../../wp-bridge/client/connect/doctor.ts'
import { CHECKS, type Finding } from '../../wp-bridge/client/connect/findings.ts'
import type { Fetch } from '../../wp-bridge/client/http/transport.ts'
import { installBridge } from './bridge.ts'
import { startWordPress, type WordPress } from './wordpress.ts'

let wp: WordPress
let editor: { user: string; appPassword: string }
const plugins: string[] = []
const servers: http.Server[] = []

beforeAll(async () => {
  wp = await startWordPress()
  editor = await wp.addUser('edith', 'editor')
  await installBridge(wp.root, wp.php)
})
afterAll(() => wp?.stop())
afterEach(async () => {
  for (const name of plugins.splice(0)) await wp.removeMuPlugin(name)
  for (const server of servers.splice(0)) server.close()
})

async function plug(php: string): Promise<void> {
  const name = `fixture-${plugins.length}`
  await wp.addMuPlugin({ name, php: `<?php ${php}` })
  plugins.push(name)
}

async function serve(handler: http.RequestListener): Promise<string> {
  const server = http.createServer({ keepAliveTimeout: 1 }, handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  servers.push(server)
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const look = (changes: Partial<Target> = {}, fetched: Fetch = fetch) =>
  runChecks(fetched, {
    siteUrl: wp.url,
    username: editor.user,
    appPassword: editor.appPassword,
    ...changes,
  })

/** The one finding that is not well; what comes before it is, and what comes after a blocking one was not seen. */
function complaint(findings: Finding[]): Finding {
  expect(findings.map(({ check }) => check)).toEqual(CHECKS)
  const unwell = findings.filter(({ ok }) => ok === false)
  expect(unwell.map(({ check, code, cause }) => ({ check, code, cause }))).toHaveLength(1)
  for (const { cause, remedy } of unwell) {
    expect(cause).toMatch(/^\S.*[.:)]$/s)
    expect(remedy).toMatch(/^\S.*[.)]$/s)
  }
  expect(JSON.stringify(findings)).not.toContain(editor.appPassword)
  return unwell[0]!
}

const left = () =>
  wp.query(
    `select post_title from wp_posts where post_name like 'igny8-check%' or post_title like 'igny8%'`,
  )

it('passes every check of a healthy site, and leaves nothing there', async () => {
  const findings = await look()
  expect(findings.filter(({ ok }) => ok !== true)).toEqual([])
  expect(findings.map(({ check }) => check)).toEqual(CHECKS)
  expect(left()).toEqual([])
})

/** What egress says of an address, as the guarded client throws it. */
const guarded = (code: string) => async () => {
  throw Object.assign(new Error('It cannot be reached.'), { code, sent: false })
}

describe('runChecks reports a problem', () => {
  it.each([
    ['egress_dns_failed', 'name_resolution'],
    ['egress_tls_failed', 'tls'],
    ['egress_address_not_allowed', 'address'],
    ['egress_connect_failed', 'connection'],
    ['egress_timeout', 'connection'],
  ])('when the connection fails with %s', async (code, check) => {
    const findings = await look({ siteUrl: 'https://blog.example' }, guarded(code))
    expect(complaint(findings)).toMatchObject({ check, code, blocking: true })
    expect(findings.at(-1)).toMatchObject({ check: 'plugin', ok: null })
  })

  it('when only the request of one check fails', async () => {
    const refused = guarded('egress_connect_failed')
    const findings = await look({}, (url, init) =>
      url.endsWith('/wp-cron.php') ? refused() : fetch(url, init),
    )
    const code = 'egress_connect_failed'
    expect(complaint(findings)).toMatchObject({ check: 'wp_cron', code, blocking: false })
  })

  it('when the address is invalid', async () => {
    expect(complaint(await look({ siteUrl: 'my blog' }))).toMatchObject({
      check: 'address',
      code: 'site_url_invalid',
    })
  })

  it('when the site redirects elsewhere', async () => {
    const siteUrl = await serve((_, response) => {
      response.writeHead(301, { location: 'https://www.blog.example/' }).end()
    })
    expect(complaint(await look({ siteUrl }))).toMatchObject({
      check: 'redirects',
      remedy: expect.stringContaining('https://www.blog.example'),
    })
  })

  it('when a firewall challenges', async () => {
    const siteUrl = await serve((_, response) => {
      response.writeHead(403, { 'content-type': 'text/html' })
      response.end('<title>Just a moment...</title><script src="/cdn-cgi/challenge-platform/x">')
    })
    expect(complaint(await look({ siteUrl }))).toMatchObject({
      check: 'rest_api',
      code: 'blocked_by_firewall',
    })
  })

  it('when the site is not WordPress', async () => {
    const siteUrl = await serve((_, response) => response.end('<h1>A bakery</h1>'))
    expect(complaint(await look({ siteUrl }))).toMatchObject({ code: 'not_wordpress' })
  })

  it('when the REST API is turned off', async () => {
    await plug(`add_filter('rest_authentication_errors',
      fn() => new WP_Error('rest_off', 'Off', ['status' => 403]));`)
    expect(complaint(await look())).toMatchObject({ check: 'rest_api', code: 'rest_disabled' })
  })

  it('when users are hidden from the REST API', async () => {
    await plug(`add_filter('rest_endpoints', function ($routes) {
      foreach (array_keys($routes) as $route) {
        if (strpos($route, '/wp/v2/users') === 0) unset($routes[$route]);
      }
      return $routes;
    });`)
    expect(complaint(await look())).toMatchObject({ check: 'rest_api', code: 'users_blocked' })
  })

  it('when the server drops the Authorization header, with the lines that fix it', async () => {
    await plug(`unset($_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW']);`)
    const found = complaint(await look())
    expect(found).toMatchObject({ check: 'authorization_header', code: 'authorization_stripped' })
    expect(found.remedy).toContain('CGIPassAuth On')
    expect(found.remedy).toContain('fastcgi_param HTTP_AUTHORIZATION $http_authorization;')
  })

  it('when the password is wrong', async () => {
    const found = complaint(await look({ appPassword: 'xxxx xxxx xxxx xxxx' }))
    expect(found).toMatchObject({ check: 'credentials', code: 'wrong_credentials' })
  })

  const unavailable = `add_filter('wp_is_application_passwords_available', '__return_false');`
  it.each([
    [
      'Wordfence',
      `add_action('rest_api_init', fn() => register_rest_route('wordfence/v1', '/scan', ['callback' => fn() => 1, 'permission_callback' => '__return_false']));`,
      'Wordfence',
    ],
    [
      'a filter',
      `add_filter('rest_index', function ($answer) { $data = $answer->get_data(); $data['url'] = 'https://blog.example'; $answer->set_data($data); return $answer; });`,
      'wp_is_application_passwords_available',
    ],
    ['plain http', '', 'https'],
  ])('when application passwords are turned off by %s', async (_, php, remedy) => {
    await plug(unavailable + php)
    expect(complaint(await look())).toMatchObject({
      check: 'application_passwords',
      code: 'application_passwords_unavailable',
      remedy: expect.stringContaining(remedy),
    })
  })

  it.each([
    ['subscriber', 'cannot_write_posts'],
    ['contributor', 'cannot_upload_files'],
  ])('when the user is a %s', async (role, code) => {
    const { user: username, appPassword } = await wp.addUser(`the-${role}`, role)
    expect(complaint(await look({ username, appPassword }))).toMatchObject({
      check: 'capabilities',
      code,
    })
  })

  it('when the user has more capabilities than needed, or fewer', async () => {
    const { user: username, appPassword } = wp
    expect(complaint(await look({ username, appPassword }))).toMatchObject({
      check: 'least_privilege',
      code: 'administrator',
      blocking: false,
    })
    const author = await wp.addUser('the-author', 'author')
    const less = await look({ username: author.user, appPassword: author.appPassword })
    expect(complaint(less)).toMatchObject({ code: 'less_than_editor', blocking: false })
  })

  it('when an image is too large for the server', async () => {
    const small: typeof fetch = async (url, init) =>
      init?.method === 'POST' && String(url).endsWith('/wp/v2/media')
        ? new Response('<h1>413 Request Entity Too Large</h1>', { status: 413 })
        : fetch(url, init)
    expect(complaint(await look({}, small))).toMatchObject({
      check: 'upload',
      code: 'upload_too_large',
      remedy: expect.stringContaining('client_max_body_size'),
    })
  })

  it('when WordPress rejects WebP', async () => {
    await plug(
      `add_filter('upload_mimes', function ($types) { unset($types['webp']); return $types; });`,
    )
    expect(complaint(await look())).toMatchObject({ check: 'upload', code: 'upload_type_refused' })
  })

  it('when the content of posts is altered', async () => {
    await plug(`add_filter('content_save_pre', fn($text) => str_replace('igny8-', '', $text));`)
    expect(complaint(await look())).toMatchObject({ check: 'post', code: 'content_altered' })
    expect(left()).toEqual([])
  })

  it('when posts cannot be written through REST', async () => {
    await plug(
      `add_filter('rest_pre_insert_post', fn() => new WP_Error('hardened', 'No posts by REST.', ['status' => 403]));`,
    )
    expect(complaint(await look())).toMatchObject({
      check: 'post',
      code: 'refused',
      cause: expect.stringContaining('No posts by REST.'),
    })
  })

  const yoast = `add_action('rest_api_init', fn() => register_rest_route('yoast/v1', '/x', ['callback' => fn() => 1, 'permission_callback' => '__return_false']));`
  it('when the fields of an SEO plugin cannot be written, and not when they can', async () => {
    await plug(yoast)
    expect(complaint(await look())).toMatchObject({
      check: 'seo_meta',
      code: 'seo_meta_not_writable',
      cause: expect.stringContaining('Yoast SEO'),
      blocking: false,
    })
    await plug(
      `add_action('init', fn() => register_post_meta('post', '_yoast_wpseo_title', ['show_in_rest' => true, 'single' => true, 'type' => 'string', 'auth_callback' => fn() => true]));`,
    )
    expect((await look()).filter(({ ok }) => !ok)).toEqual([])
  })

  it('when the clock of the site is wrong', async () => {
    const now = () => Date.now() + 40 * 60_000
    expect(complaint(await look({ now }))).toMatchObject({
      check: 'clock',
      cause: expect.stringContaining('40 minutes slow'),
    })
  })

  it('when a scheduled post has missed its schedule', async () => {
    const id = await wp.php(`$time = gmdate('Y-m-d H:i:s', time() + 3600);
      echo wp_insert_post(['post_title' => 'Late', 'post_status' => 'future', 'post_date_gmt' => $time, 'post_date' => $time]);`)
    await wp.php(
      `global $wpdb; $wpdb->update($wpdb->posts, ['post_date_gmt' => '2026-01-01 00:00:00', 'post_date' => '2026-01-01 00:00:00'], ['ID' => ${id}]);`,
    )
    expect(complaint(await look())).toMatchObject({ check: 'wp_cron', code: 'missed_schedule' })
    await wp.php(`wp_delete_post(${id}, true);`)
  })

  it('when wp-cron.php is blocked', async () => {
    const closed: typeof fetch = async (url, init) =>
      String(url).endsWith('/wp-cron.php') ? new Response('No', { status: 403 }) : fetch(url, init)
    expect(complaint(await look({}, closed))).toMatchObject({ code: 'wp_cron_blocked' })
  })

  it('when the plugin is not active', async () => {
    const php = (verb: string) =>
      wp.php(`require_once ABSPATH . 'wp-admin/includes/plugin.php';
        ${verb}('igny8-bridge/igny8-bridge.php');`)
    await php('deactivate_plugins')
    const found = complaint(await look())
    expect(found).toMatchObject({ check: 'plugin', code: 'plugin_absent', blocking: false })
    await php('activate_plugin')
  })
})

it('deletes the draft of an earlier check, and no other draft of that name', async () => {
  const draft = (content: string) =>
    wp.php(
      `echo wp_insert_post(['post_title' => 'igny8 check', 'post_name' => 'igny8-check', 'post_status' => 'draft',
        'post_content' => '${content}', 'post_author' => get_user_by('login', 'edith')->ID]);`,
    )
  await draft('<p class="igny8-igny8-check">Left behind</p>')
  const persons = await draft('<p>Our notes on igny8</p>')
  await look()
  expect(left()).toEqual([{ post_title: 'igny8 check' }])
  await wp.php(`wp_delete_post(${persons}, true);`)
  expect(left()).toEqual([])
})
