import { describe, expect, it } from 'vitest'
import { CHECKS } from '../../wp-bridge/client/connect/findings.ts'
import { DoctorFixture, failing } from './doctor-fixture.ts'

const at = new DoctorFixture()

it('passes every check of a healthy site, and leaves nothing there', async () => {
  const findings = await at.check()
  expect(findings.filter(({ ok }) => ok !== true)).toEqual([])
  expect(findings.map(({ check }) => check)).toEqual(CHECKS)
  expect(at.left()).toEqual([])
})

describe('runChecks reports a problem', () => {
  it.each([
    ['egress_dns_failed', 'name_resolution'],
    ['egress_tls_failed', 'tls'],
    ['egress_address_not_allowed', 'address'],
    ['egress_connect_failed', 'connection'],
    ['egress_timeout', 'connection'],
  ])('when the connection fails with %s', async (code, check) => {
    const findings = await at.check({ siteUrl: 'https://blog.example' }, failing(code))
    expect(at.problemIn(findings)).toMatchObject({ check, code, blocking: true })
    expect(findings.at(-1)).toMatchObject({ check: 'plugin', ok: null })
  })

  it('when the address is invalid', async () => {
    expect(at.problemIn(await at.check({ siteUrl: 'my blog' }))).toMatchObject({
      check: 'address',
      code: 'site_url_invalid',
    })
  })

  it('when the site redirects elsewhere', async () => {
    const siteUrl = await at.serve((_, response) => {
      response.writeHead(301, { location: 'https://www.blog.example/' }).end()
    })
    expect(at.problemIn(await at.check({ siteUrl }))).toMatchObject({
      check: 'redirects',
      remedy: expect.stringContaining('https://www.blog.example'),
    })
  })

  it('when a firewall challenges', async () => {
    const siteUrl = await at.serve((_, response) => {
      response.writeHead(403, { 'content-type': 'text/html' })
      response.end('<title>Just a moment...</title><script src="/cdn-cgi/challenge-platform/x">')
    })
    expect(at.problemIn(await at.check({ siteUrl }))).toMatchObject({
      check: 'rest_api',
      code: 'blocked_by_firewall',
    })
  })

  it('when the site is not WordPress', async () => {
    const siteUrl = await at.serve((_, response) => response.end('<h1>A bakery</h1>'))
    expect(at.problemIn(await at.check({ siteUrl }))).toMatchObject({ code: 'not_wordpress' })
  })

  it('when the REST API is turned off', async () => {
    await at.plug(`add_filter('rest_authentication_errors',
      fn() => new WP_Error('rest_off', 'Off', ['status' => 403]));`)
    expect(at.problemIn(await at.check())).toMatchObject({
      check: 'rest_api',
      code: 'rest_disabled',
    })
  })

  it('when users are hidden from the REST API', async () => {
    await at.plug(`add_filter('rest_endpoints', function ($routes) {
      foreach (array_keys($routes) as $route) {
        if (strpos($route, '/wp/v2/users') === 0) unset($routes[$route]);
      }
      return $routes;
    });`)
    expect(at.problemIn(await at.check())).toMatchObject({
      check: 'rest_api',
      code: 'users_blocked',
    })
  })

  it('when the server drops the Authorization header, with the lines that fix it', async () => {
    await at.plug(`unset($_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW']);`)
    const found = at.problemIn(await at.check())
    expect(found).toMatchObject({ check: 'authorization_header', code: 'authorization_stripped' })
    expect(found.remedy).toContain('CGIPassAuth On')
    expect(found.remedy).toContain('fastcgi_param HTTP_AUTHORIZATION $http_authorization;')
  })

  it('when the password is wrong', async () => {
    const found = at.problemIn(await at.check({ appPassword: 'xxxx xxxx xxxx xxxx' }))
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
    await at.plug(unavailable + php)
    expect(at.problemIn(await at.check())).toMatchObject({
      check: 'application_passwords',
      code: 'application_passwords_unavailable',
      remedy: expect.stringContaining(remedy),
    })
  })

  it.each([
    ['subscriber', 'cannot_write_posts'],
    ['contributor', 'cannot_upload_files'],
  ])('when the user is a %s', async (role, code) => {
    const { user: username, appPassword } = await at.wp.addUser(`the-${role}`, role)
    expect(at.problemIn(await at.check({ username, appPassword }))).toMatchObject({
      check: 'capabilities',
      code,
    })
  })
})
