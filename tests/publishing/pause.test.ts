import { describe, expect, it } from 'vitest'
import { until } from '../helpers/until.ts'
import { writeArticles } from './linked-blog.ts'
import { allHeld, QueueFixture } from './queue-fixture.ts'

const at = new QueueFixture()

it('retries a busy site even when the publication has waited for days', async () => {
  await at.patchSite({ requires_approval: true })
  const [id] = await writeArticles(at.owner, at.place, ['Long awaited'], { images_per_task: 1 })
  const run = await at.publish([id!])
  await at.queued(allHeld('approval', 1))
  await at.service
    .sql`update run_steps set created_at = now() - interval '3 days' where run_id = ${run}`
  await at.wordpress.setOption('busy', 1)
  await at.wordpress.addMuPlugin({
    name: 'busy',
    php: `<?php if (($_SERVER['REQUEST_METHOD'] ?? '') === 'POST' && strpos($_SERVER['REQUEST_URI'], 'wp/v2/posts') !== false)
      add_action('init', function () { if (!get_option('busy')) return; delete_option('busy');
        http_response_code(429); header('Retry-After: 2'); header('Content-Type: application/json');
        die('{"code":"busy","message":"Busy","data":{"status":429}}'); });`,
  })
  await at.owner.post('writer/tasks/approve/', { ids: [id] })
  expect((await at.owner.follow(run)).state).toBe('SUCCESS')
  expect(await at.wordpress.php(`echo get_option('busy', 'was busy');`)).toBe('was busy')
  await at.wordpress.removeMuPlugin('busy')
})

describe('a site that stops working', () => {
  const revoke = () =>
    at.wordpress.php('WP_Application_Passwords::delete_all_application_passwords(1);')

  it('is paused with a reason, and resumes in order when it is linked again', async () => {
    const ids = await writeArticles(at.owner, at.place, ['P 1', 'P 2', 'P 3'], {
      images_per_task: 1,
    })
    await revoke()
    const run = await at.publish(ids)
    const held = await at.queued(allHeld('paused', 3))
    expect(held.map(({ run_id }) => run_id)).toEqual([run, run, run])
    expect(await at.siteOf()).toMatchObject({
      wp_paused_at: expect.any(String),
      wp_pause_reason: { code: 'wrong_credentials' },
    })
    const progress = await at.owner.get<{ meta: { message: string } }>(
      `system/settings/task_progress/${run}/`,
    )
    expect(progress.body.meta.message).toContain('paused')
    expect(JSON.stringify([progress.body, await at.siteOf()])).not.toContain(
      at.wordpress.appPassword,
    )
    const wp_app_password = await newPassword()
    const linked = await at.owner.call('PUT', `auth/sites/${at.place.site_id}/wordpress/`, {
      wp_url: at.wordpress.url,
      wp_username: at.wordpress.user,
      wp_app_password,
    })
    expect(linked.status).toBe(200)
    expect((await at.owner.follow(run)).state).toBe('SUCCESS')
    expect(await at.siteOf()).toMatchObject({ wp_paused_at: null, wp_pause_reason: null })
    for (const title of ['P 1', 'P 2', 'P 3']) expect(at.postsTitled(title)).toHaveLength(1)
    const { body } = await at.owner.get<{ results: { action: string }[] }>(
      'auth/audit_log/?page_size=200',
    )
    const actions = body.results.map(({ action }) => action)
    expect(actions).toEqual(expect.arrayContaining(['site.paused', 'site.resumed']))
  })

  it('is probed, and resumes when it works again', async () => {
    const ids = await writeArticles(at.owner, at.place, ['W 1'], { images_per_task: 1 })
    await at.wordpress.php(`(new WP_User(1))->set_role('subscriber');`)
    const run = await at.publish(ids)
    await at.queued(allHeld('paused', 1))
    expect((await at.siteOf()).wp_pause_reason?.code).toBe('cannot_write_posts')
    await probe()
    expect((await at.siteOf()).wp_paused_at).not.toBeNull()
    await at.wordpress.php(`(new WP_User(1))->set_role('administrator');`)
    await probe()
    expect((await at.owner.follow(run)).state).toBe('SUCCESS')
  })
  it('is paused when one step keeps failing, and resumes when the site answers', async () => {
    const ids = await writeArticles(at.owner, at.place, ['O 1', 'O 2'], { images_per_task: 1 })
    await at.wordpress.addMuPlugin({
      name: 'down',
      php: `<?php http_response_code(503); die('Down');`,
    })
    const run = await at.publish(ids)
    // As if it had failed for half a minute.
    const areHeld = async () => {
      await at.service.sql`update run_steps set retries = 3, updated_at = now() - interval '1 hour'
        where run_id = ${run} and state = 'pending' and retries < 3`
      return allHeld('paused', 2)(await at.queue())
    }
    await until(areHeld, { what: 'the pause of the site' })
    expect((await at.siteOf()).wp_pause_reason?.code).toBe('server_error')
    await at.wordpress.removeMuPlugin('down')
    await probe()
    expect((await at.owner.follow(run)).state).toBe('SUCCESS')
    for (const title of ['O 1', 'O 2']) expect(at.postsTitled(title)).toHaveLength(1)
  })

  /** The time of the next question has come: waits for its answer. */
  async function probe(): Promise<void> {
    const [last] = await at.service.sql`select coalesce(max(id), 0) as id from runs`
    await at.service.sql`update sites set wp_probe_at = now() where id = ${at.place.site_id}`
    const probing = async () =>
      (
        await at.service
          .sql`select id from runs where kind = 'probe_wordpress' and id > ${last!.id}`
      )[0]
    const run = await until(probing, { what: 'the probe of the site' })
    await at.owner.follow(Number(run.id))
  }
  const newPassword = async () => {
    const php = `echo WP_Application_Passwords::create_new_application_password(1, ['name' => wp_generate_uuid4()])[0];`
    at.wordpress.appPassword = await at.wordpress.php(php)
    return at.wordpress.appPassword
  }

  it('fails its publications when it is unlinked', async () => {
    const ids = await writeArticles(at.owner, at.place, ['U 1'], { images_per_task: 1 })
    await revoke()
    const run = await at.publish(ids)
    await at.queued(allHeld('paused', 1))
    await at.owner.call('DELETE', `auth/sites/${at.place.site_id}/wordpress/`)
    expect((await at.owner.follow(run)).error).toMatchObject({ code: 'site_not_linked' })
    await newPassword()
  })
})
