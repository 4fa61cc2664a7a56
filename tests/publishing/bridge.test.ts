import { unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newKey } from '../../wp-bridge/client/http/sign.ts'
import { type Client, register, request } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { installBridge } from '../wordpress/bridge.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place, writeArticles } from './linked-blog.ts'
import { bridgeKeyOf, signedCall } from './signed-call.ts'

type Task = {
  status: string
  assigned_post_id: number
  post_url: string
  wp_status: string | null
  wp_edited_at: string | null
  publication_key: string
  error: { code: string } | null
}
type Delivery = { id: number; type: string; state: string; log: { status: number }[] }

let wordpress: WordPress
let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  wordpress = await startWordPress()
  await installBridge(wordpress.root, wordpress.php)
  service = await startTestService({
    allowPrivateSites: [new URL(wordpress.url).host],
    settleMs: 1_000,
  })
  owner = await service.owner()
  place = await linkedBlog(owner, wordpress)
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

const taskOf = async (id: number) => (await owner.get<Task>(`writer/tasks/${id}/`)).body
/** Runs what WP-Cron has to do, as a visit would. */
const cron = () =>
  wordpress.php('wp_schedule_single_event(1, "x"); do_action("igny8_bridge_send");')
async function published(title: string, more: object = {}): Promise<number> {
  const [id] = await writeArticles(owner, place, [title], { images_per_task: 1 })
  await owner.call('PATCH', `writer/tasks/${id}/`, more)
  const run = await owner.run('writer/tasks/publish/', { ids: [id] })
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
  return id!
}

const keyOf = () => bridgeKeyOf(service, place.site_id)
async function send(event: unknown, options: { key?: string; site?: number; id?: string } = {}) {
  const { site = place.site_id, id, key = await keyOf() } = options
  return signedCall(service, `bridge/${site}/events/`, event, { key, id })
}

describe('a site with the plugin', () => {
  it('is paired when it is linked, and never shows its key', async () => {
    const status = await wordpress.php('echo json_encode(get_option("igny8_bridge_pairing"));')
    expect(JSON.parse(status)).toMatchObject({
      site_id: place.site_id,
      events_url: `${service.url}/api/v1/bridge/${place.site_id}/events/`,
      keys: [{ key: await keyOf() }],
    })
    const site = await owner.get(`auth/sites/${place.site_id}/`)
    expect(JSON.stringify(site.body)).not.toMatch(/whsec_|wp_bridge_keys/)
    const [row] = await service.sql`select wp_bridge_keys from sites where id = ${place.site_id}`
    expect(row!.wp_bridge_keys).not.toContain('whsec_')
  })

  it('is published to through the plugin, with fields that core cannot write', async () => {
    const html_content =
      '<h2>Is tea good?</h2><p>Yes, it is.</p><h2>Is it hot?</h2><p>Mostly.</p><p>Not always.</p>'
    const seo = { meta_title: 'The tea of teas', meta_description: 'All about tea.' }
    const id = await published('Tea through the plugin', { html_content, ...seo })
    const { publication_key, assigned_post_id, post_url } = await taskOf(id)
    const claims = wordpress.query(
      'select post_id from wp_igny8_posts where claim_key = ?',
      publication_key,
    )
    expect(claims).toEqual([{ post_id: assigned_post_id }])
    const page = await (await fetch(post_url)).text()
    expect(page).toContain('"@type":"Article"')
    const faq = /<script type="application\/ld\+json">(\{[^<]*FAQPage[^<]*)<\/script>/.exec(page)
    expect(JSON.parse(faq![1]!).mainEntity).toMatchObject([
      { name: 'Is tea good?', acceptedAnswer: { text: 'Yes, it is.' } },
      { name: 'Is it hot?', acceptedAnswer: { text: 'Mostly. Not always.' } },
    ])
    const again = await owner.run('writer/tasks/publish/', { ids: [id] })
    expect(again.state).toBe('SUCCESS')
    const receipt = again.result!.steps[0]!.result as { fields: { field: string; state: string }[] }
    const states = Object.fromEntries(receipt.fields.map(({ field, state }) => [field, state]))
    expect(states).toMatchObject({ schema: 'applied', seo_title: 'dropped', content: 'applied' })
    expect((await taskOf(id)).assigned_post_id).toBe(assigned_post_id)
  })

  it('is told when publishing pauses and why, and when it resumes', async () => {
    const [id] = await writeArticles(owner, place, ['Paused tea'], { images_per_task: 1 })
    await wordpress.php(`(new WP_User(1))->set_role('subscriber');`)
    const { body } = await owner.post<{ task_id: number }>('writer/tasks/publish/', { ids: [id] })
    const told = () => wordpress.php('echo get_option("igny8_bridge_pause", "not paused");')
    await expect.poll(told, { timeout: 30_000 }).toContain('is not allowed to write posts')
    await wordpress.php(`(new WP_User(1))->set_role('administrator');`)
    await service.sql`update sites set wp_probe_at = now() where id = ${place.site_id}`
    expect((await owner.follow(body.task_id)).state).toBe('SUCCESS')
    await expect.poll(told, { timeout: 30_000 }).toBe('not paused')
  })

  it('is told about its tasks, and each webhook is logged and can be replayed', async () => {
    const id = await published('Tea that is told of')
    const { assigned_post_id } = await taskOf(id)
    const mine = async () => {
      const query = `publishing/deliveries/?task_id=${id}&kind=webhook`
      return (await owner.get<{ results: Delivery[] }>(query)).body.results
    }
    const withLog = async ({ id }: Delivery) =>
      (await owner.get<Delivery>(`publishing/deliveries/${id}/`)).body
    await expect
      .poll(async () => (await mine()).map(({ state }) => state), { timeout: 30_000 })
      .toEqual(['delivered', 'delivered'])
    const [latest] = await mine()
    expect(await withLog(latest!)).toMatchObject({ type: 'task.updated', log: [{ status: 200 }] })
    const known = wordpress.query(
      'select task from wp_igny8_tasks where post_id = ?',
      assigned_post_id,
    )
    expect(JSON.parse(String(known[0]!.task))).toMatchObject({ task_id: id, status: 'completed' })
    expect((await owner.post(`publishing/deliveries/${latest!.id}/replay/`)).status).toBe(200)
    await expect
      .poll(() => withLog(latest!), { timeout: 30_000 })
      .toMatchObject({ state: 'delivered', log: [{ status: 200 }, { status: 200 }] })
  })

  it('reports what people do to a post, and the task follows', async () => {
    const id = await published('Tea that people change')
    const { assigned_post_id: post } = await taskOf(id)
    const edit = async (code: string) => {
      await wordpress.php(code)
      await cron()
      return taskOf(id)
    }
    const edited = await edit(`wp_update_post(['ID' => ${post}, 'post_content' => 'Mine']);`)
    expect(edited).toMatchObject({ status: 'completed', wp_edited_at: expect.any(String) })
    const moved = await edit(`wp_update_post(['ID' => ${post}, 'post_name' => 'moved-tea']);`)
    expect(moved.post_url).toBe(`${wordpress.url}/moved-tea/`)
    const drafted = await edit(`wp_update_post(['ID' => ${post}, 'post_status' => 'draft']);`)
    expect(drafted).toMatchObject({ status: 'published', wp_status: 'draft', error: null })
    const trashed = await edit(`wp_trash_post(${post});`)
    expect(trashed).toMatchObject({ wp_status: 'trash', error: { code: 'post_gone' } })
    const restored = await edit(`wp_untrash_post(${post});`)
    expect(restored).toMatchObject({ wp_status: 'draft', error: null })
    const deleted = await edit(`wp_delete_post(${post}, true);`)
    expect(deleted).toMatchObject({ wp_status: null, error: { code: 'post_gone' } })
  })

  it('offers the plugin as a zip that WordPress can install', async () => {
    const path = `/api/v1/auth/sites/${place.site_id}/wordpress/plugin.zip`
    const headers = { authorization: `Bearer ${owner.token}` }
    const answer = await fetch(service.url + path, { headers })
    expect(answer.headers.get('content-type')).toBe('application/zip')
    const files = Object.keys(unzipSync(new Uint8Array(await answer.arrayBuffer())))
    expect(files).toContain('igny8-bridge/igny8-bridge.php')
    expect(files).toContain('igny8-bridge/uninstall.php')
  })

  it('does not report what the service did itself', async () => {
    const id = await published('Tea that nobody touched')
    await owner.run(`writer/tasks/${id}/unpublish/`, undefined)
    const { publication_key } = await taskOf(id)
    const waiting = wordpress.query(
      'select body from wp_igny8_outbox where body like ?',
      `%${publication_key}%`,
    )
    expect(waiting).toEqual([])
  })

  it('is published to without the plugin once it is gone', async () => {
    await wordpress.php(`require_once ABSPATH . 'wp-admin/includes/plugin.php';
      deactivate_plugins('igny8-bridge/igny8-bridge.php');`)
    const id = await published('Tea without the plugin')
    expect(await taskOf(id)).toMatchObject({ status: 'completed', wp_status: 'publish' })
    await wordpress.php(`require_once ABSPATH . 'wp-admin/includes/plugin.php';
      activate_plugin('igny8-bridge/igny8-bridge.php');`)
    const before = await taskOf(id)
    const run = await owner.run('writer/tasks/publish/', { ids: [id] })
    expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
    expect((await taskOf(id)).assigned_post_id).toBe(before.assigned_post_id)
  })
})

describe('a webhook of the plugin', () => {
  const event = async (id: number, data: object = {}) => {
    const { publication_key: key, assigned_post_id: post_id } = await taskOf(id)
    const now = new Date().toISOString()
    const post = { key, post_id, wp_status: 'private', post_url: null, as_of: now, ...data }
    return { type: 'post.status_changed', timestamp: now, data: post }
  }

  it('is applied once, whatever white space it contains', async () => {
    const id = await published('Tea of one webhook')
    const webhook = crypto.randomUUID()
    const body = JSON.stringify(await event(id), null, 3)
    expect(await send(body, { id: webhook })).toMatchObject({ status: 200 })
    expect((await taskOf(id)).wp_status).toBe('private')
    await service.sql`update tasks set wp_status = 'publish' where id = ${id}`
    const both = await Promise.all([send(body, { id: webhook }), send(body, { id: webhook })])
    expect(both.map(({ status }) => status)).toEqual([200, 200])
    expect((await taskOf(id)).wp_status).toBe('publish')
  })

  it('is refused in the same way without a site, without a plugin, and with another key', async () => {
    const id = await published('Tea of no webhook')
    const unpaired = await owner.post<{ id: number }>('auth/sites/', { name: 'No plugin' })
    const answers = [
      await send(await event(id), { key: newKey() }),
      await send(await event(id), { site: 999_999_999 }),
      await send(await event(id), { site: unpaired.body.id }),
    ]
    const shown = answers.map(({ status, body }) => [status, { ...body, request_id: '' }])
    expect(shown[0]).toMatchObject([401, { code: 'signature_invalid' }])
    expect(shown[1]).toEqual(shown[0])
    expect(shown[2]).toEqual(shown[0])
    expect((await taskOf(id)).wp_status).toBe('publish')
  })

  it("changes no other site's task", async () => {
    const stranger = await register(service.url, 'Stranger')
    const site = await stranger.post<{ id: number }>('auth/sites/', { name: 'Theirs' })
    const sector = await stranger.post<{ id: number }>('auth/sectors/', {
      site_id: site.body.id,
      name: 'Theirs',
    })
    const task = await stranger.post<{ id: number; publication_key: string }>('writer/tasks/', {
      site_id: site.body.id,
      sector_id: sector.body.id,
      title: 'Theirs',
    })
    await service.sql`update tasks set assigned_post_id = 1 where id = ${task.body.id}`
    const key = task.body.publication_key
    const now = new Date().toISOString()
    const data = { key, post_id: 1, wp_status: 'trash', post_url: null, as_of: now }
    const answer = await send({ type: 'post.trashed', timestamp: now, data })
    expect(answer.status).toBe(200)
    const after = await stranger.get<Task>(`writer/tasks/${task.body.id}/`)
    expect(after.body).toMatchObject({ wp_status: null, error: null })
  })

  it('is refused when it is malformed', async () => {
    const path = `bridge/${place.site_id}/events/`
    expect((await request(service.url, 'POST', path, { type: 'x' })).status).toBe(400)
    expect((await send('{')).status).toBe(400)
  })
})

it('leaves only the posts when the plugin is uninstalled', async () => {
  const stored = () =>
    wordpress.query(`select option_name as name from wp_options where option_name like '%igny8%'
        or option_value like '%igny8_bridge%'
      union select meta_key from wp_postmeta where meta_key like '%igny8%'`)
  const posts = () => wordpress.query(`select ID from wp_posts where post_type = 'post'`)
  const names = ['posts', 'events', 'outbox', 'tasks'].map((name) => `wp_igny8_${name}`)
  const rowsOf = (name: string) => () => wordpress.query(`select 1 from ${name}`)
  expect(stored()).not.toEqual([])
  for (const name of names) expect(rowsOf(name), name).not.toThrow()
  const before = posts()
  await wordpress.php(`require_once ABSPATH . 'wp-admin/includes/plugin.php';
    deactivate_plugins('igny8-bridge/igny8-bridge.php');`)
  await wordpress.php(`require_once ABSPATH . 'wp-admin/includes/plugin.php';
    uninstall_plugin('igny8-bridge/igny8-bridge.php');`)
  expect(stored()).toEqual([])
  for (const name of names) expect(rowsOf(name), name).toThrow()
  expect(posts()).toEqual(before)
})
