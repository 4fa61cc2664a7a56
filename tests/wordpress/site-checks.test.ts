import { describe, expect, it } from 'vitest'
import { DoctorFixture, failing } from './doctor-fixture.ts'

const at = new DoctorFixture()

describe('runChecks reports a problem', () => {
  it('when only the request of one check fails', async () => {
    const refused = failing('egress_connect_failed')
    const findings = await at.check({}, (url, init) =>
      url.endsWith('/wp-cron.php') ? refused() : fetch(url, init),
    )
    const code = 'egress_connect_failed'
    expect(at.problemIn(findings)).toMatchObject({ check: 'wp_cron', code, blocking: false })
  })

  it('when the user has more capabilities than needed, or fewer', async () => {
    const { user: username, appPassword } = at.wp
    expect(at.problemIn(await at.check({ username, appPassword }))).toMatchObject({
      check: 'least_privilege',
      code: 'administrator',
      blocking: false,
    })
    const author = await at.wp.addUser('the-author', 'author')
    const less = await at.check({ username: author.user, appPassword: author.appPassword })
    expect(at.problemIn(less)).toMatchObject({ code: 'less_than_editor', blocking: false })
  })

  it('when an image is too large for the server', async () => {
    const small: typeof fetch = async (url, init) =>
      init?.method === 'POST' && String(url).endsWith('/wp/v2/media')
        ? new Response('<h1>413 Request Entity Too Large</h1>', { status: 413 })
        : fetch(url, init)
    expect(at.problemIn(await at.check({}, small))).toMatchObject({
      check: 'upload',
      code: 'upload_too_large',
      remedy: expect.stringContaining('client_max_body_size'),
    })
  })

  it('when WordPress rejects WebP', async () => {
    await at.plug(
      `add_filter('upload_mimes', function ($types) { unset($types['webp']); return $types; });`,
    )
    expect(at.problemIn(await at.check())).toMatchObject({
      check: 'upload',
      code: 'upload_type_refused',
    })
  })

  it('when the content of posts is altered', async () => {
    await at.plug(`add_filter('content_save_pre', fn($text) => str_replace('igny8-', '', $text));`)
    expect(at.problemIn(await at.check())).toMatchObject({ check: 'post', code: 'content_altered' })
    expect(at.left()).toEqual([])
  })

  it('when posts cannot be written through REST', async () => {
    await at.plug(
      `add_filter('rest_pre_insert_post', fn() => new WP_Error('hardened', 'No posts by REST.', ['status' => 403]));`,
    )
    expect(at.problemIn(await at.check())).toMatchObject({
      check: 'post',
      code: 'refused',
      cause: expect.stringContaining('No posts by REST.'),
    })
  })

  const yoast = `add_action('rest_api_init', fn() => register_rest_route('yoast/v1', '/x', ['callback' => fn() => 1, 'permission_callback' => '__return_false']));`
  it('when the fields of an SEO plugin cannot be written, and not when they can', async () => {
    await at.plug(yoast)
    expect(at.problemIn(await at.check())).toMatchObject({
      check: 'seo_meta',
      code: 'seo_meta_not_writable',
      cause: expect.stringContaining('Yoast SEO'),
      blocking: false,
    })
    await at.plug(
      `add_action('init', fn() => register_post_meta('post', '_yoast_wpseo_title', ['show_in_rest' => true, 'single' => true, 'type' => 'string', 'auth_callback' => fn() => true]));`,
    )
    expect((await at.check()).filter(({ ok }) => !ok)).toEqual([])
  })

  it('when the clock of the site is wrong', async () => {
    const now = () => Date.now() + 40 * 60_000
    expect(at.problemIn(await at.check({ now }))).toMatchObject({
      check: 'clock',
      cause: expect.stringContaining('40 minutes slow'),
    })
  })

  it('when a scheduled post has missed its schedule', async () => {
    const id = await at.wp.php(`$time = gmdate('Y-m-d H:i:s', time() + 3600);
      echo wp_insert_post(['post_title' => 'Late', 'post_status' => 'future', 'post_date_gmt' => $time, 'post_date' => $time]);`)
    await at.wp.php(
      `global $wpdb; $wpdb->update($wpdb->posts, ['post_date_gmt' => '2026-01-01 00:00:00', 'post_date' => '2026-01-01 00:00:00'], ['ID' => ${id}]);`,
    )
    expect(at.problemIn(await at.check())).toMatchObject({
      check: 'wp_cron',
      code: 'missed_schedule',
    })
    await at.wp.php(`wp_delete_post(${id}, true);`)
  })

  it('when wp-cron.php is blocked', async () => {
    const closed: typeof fetch = async (url, init) =>
      String(url).endsWith('/wp-cron.php') ? new Response('No', { status: 403 }) : fetch(url, init)
    expect(at.problemIn(await at.check({}, closed))).toMatchObject({ code: 'wp_cron_blocked' })
  })

  it('when the plugin is not active', async () => {
    const php = (verb: string) =>
      at.wp.php(`require_once ABSPATH . 'wp-admin/includes/plugin.php';
        ${verb}('igny8-bridge/igny8-bridge.php');`)
    await php('deactivate_plugins')
    const found = at.problemIn(await at.check())
    expect(found).toMatchObject({ check: 'plugin', code: 'plugin_absent', blocking: false })
    await php('activate_plugin')
  })
})

it('deletes the draft of an earlier check, and no other draft of that name', async () => {
  const draft = (content: string) =>
    at.wp.php(
      `echo wp_insert_post(['post_title' => 'igny8 check', 'post_name' => 'igny8-check', 'post_status' => 'draft',
        'post_content' => '${content}', 'post_author' => get_user_by('login', 'edith')->ID]);`,
    )
  await draft('<p class="igny8-igny8-check">Left behind</p>')
  const persons = await draft('<p>Our notes on igny8</p>')
  await at.check()
  expect(at.left()).toEqual([{ post_title: 'igny8 check' }])
  await at.wp.php(`wp_delete_post(${persons}, true);`)
  expect(at.left()).toEqual([])
})
