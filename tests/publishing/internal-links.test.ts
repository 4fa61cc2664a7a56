import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, register } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { installBridge } from '../wordpress/bridge.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place } from './linked-blog.ts'

type Link = {
  id: number
  from_task_id: number
  to_task_id: number
  state: string
  url: string | null
  wanted_url: string | null
}

let wordpress: WordPress
let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  wordpress = await startWordPress()
  service = await startTestService({ allowPrivateSites: [new URL(wordpress.url).host] })
  owner = await service.owner()
  place = await linkedBlog(owner, wordpress)
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

const write = async (title: string, html_content: string, more: object = {}) => {
  const task = { ...place, title, html_content, status: 'draft', ...more }
  const { status, body } = await owner.post<{ id: number }>('writer/tasks/', task)
  expect(status, JSON.stringify(body)).toBe(201)
  return body.id
}
const publish = async (id: number) => {
  const run = await owner.run('writer/tasks/publish/', { ids: [id] })
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
}
const taskOf = async (id: number) =>
  (await owner.get<{ assigned_post_id: number; post_url: string }>(`writer/tasks/${id}/`)).body
const linksOf = async (query: string) =>
  (await owner.get<{ results: Link[] }>(`writer/internal_links/?${query}`)).body.results
const contentOf = async (id: number) => {
  const { assigned_post_id } = await taskOf(id)
  const [post] = wordpress.query('select post_content from wp_posts where ID = ?', assigned_post_id)
  return String(post!.post_content)
}
const pathOf = (url: string) => new URL(url).pathname
const accept = async (ids: number[]) => {
  const run = await owner.run('writer/internal_links/accept/', { ids })
  expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
}
async function newCluster(name: string) {
  const { body } = await owner.post<{ id: number }>('planner/clusters/', { ...place, name })
  const cluster_id = body.id
  const hub = await write(`${name} hub`, '<p>All about it, and green tea too.</p>', {
    cluster_id,
    content_structure: 'cluster_hub',
  })
  const page = await write('Green tea', `<p>One kind. See the ${name} hub.</p>`, { cluster_id })
  return { hub, page }
}

it('waits for a page that is not live, and is filled in when somebody accepts it', async () => {
  const { hub, page } = await newCluster('Teas')
  await publish(hub)
  expect(await contentOf(hub)).not.toContain('<a ')
  expect(await linksOf(`from_task_id=${hub}`)).toMatchObject([
    { to_task_id: page, state: 'waiting' },
  ])
  await publish(page)
  const { post_url } = await taskOf(hub)
  expect(await contentOf(page)).toContain(`See the <a href="${pathOf(post_url)}">Teas hub</a>.`)
  const [proposed] = await linksOf('state=proposed')
  const pageUrl = (await taskOf(page)).post_url
  expect(proposed).toMatchObject({ from_task_id: hub, url: null, wanted_url: pageUrl })
  await publish(hub)
  expect(await contentOf(hub)).not.toContain('<a ')
  await accept([proposed!.id])
  expect(await contentOf(hub)).toContain(`and <a href="${pathOf(pageUrl)}">green tea</a> too.`)
  expect(await linksOf(`from_task_id=${hub}`)).toMatchObject([{ state: 'live', url: pageUrl }])
  const again = await owner.post('writer/internal_links/accept/', { ids: [proposed!.id] })
  expect(again.status).toBe(409)
})

it('is mended when its page moves or goes away, and keeps what people wrote', async () => {
  const { hub, page } = await newCluster('Coffees')
  await publish(page)
  await publish(hub)
  const [back] = await linksOf(`from_task_id=${page}`)
  await accept([back!.id])
  const old = (await taskOf(hub)).post_url
  expect(await contentOf(page)).toContain(`"${pathOf(old)}"`)
  const { assigned_post_id } = await taskOf(hub)
  await wordpress.php(`wp_update_post(['ID' => ${assigned_post_id}, 'post_name' => 'moved']);`)
  const edited = (await taskOf(page)).assigned_post_id
  await wordpress.php(`$p = get_post(${edited}); wp_update_post(wp_slash(['ID' => ${edited},
    'post_content' => $p->post_content . "\\n\\n<!-- wp:paragraph -->\\n<p>By hand.</p>\\n<!-- /wp:paragraph -->"]));`)
  // As the plugin would tell, or the next publication sees.
  await publish(hub)
  const moved = (await taskOf(hub)).post_url
  expect(moved).toContain('/moved/')
  expect(await linksOf(`from_task_id=${page}`)).toMatchObject([
    { state: 'proposed', url: old, wanted_url: moved },
  ])
  await accept([back!.id])
  expect(await contentOf(page)).toContain(`<a href="${pathOf(moved)}">`)
  expect(await contentOf(page)).toContain('By hand.')
  await owner.run(`writer/tasks/${hub}/unpublish/`, undefined)
  expect(await linksOf(`from_task_id=${page}`)).toMatchObject([
    { state: 'proposed', url: moved, wanted_url: null },
  ])
  await accept([back!.id])
  expect(await contentOf(page)).not.toContain('<a ')
  expect(await contentOf(page)).toContain('See the Coffees hub.')
})

it('is turned down, and not proposed again until the page moves once more', async () => {
  const { hub, page } = await newCluster('Juices')
  await publish(hub)
  await publish(page)
  const [link] = await linksOf(`from_task_id=${hub}`)
  expect((await owner.post('writer/internal_links/dismiss/', { ids: [link!.id] })).body).toEqual({
    dismissed: 1,
  })
  expect(await linksOf(`from_task_id=${hub}`)).toMatchObject([{ state: 'dismissed', url: null }])
  const before = await contentOf(hub)
  await publish(hub)
  expect(await contentOf(hub)).toBe(before)
  await service.sql`update tasks set post_url = ${`${wordpress.url}/elsewhere/`} where id = ${page}`
  expect(await linksOf(`from_task_id=${hub}`)).toMatchObject([{ state: 'proposed' }])
})

it('keeps a draft that a person made of the page a draft', async () => {
  const { hub, page } = await newCluster('Milks')
  await publish(hub)
  await publish(page)
  const [link] = await linksOf(`from_task_id=${hub}`)
  const { assigned_post_id } = await taskOf(hub)
  await wordpress.php(`wp_update_post(['ID' => ${assigned_post_id}, 'post_status' => 'draft']);`)
  await accept([link!.id])
  const posts = wordpress.query('select post_status from wp_posts where ID = ?', assigned_post_id)
  expect(posts).toEqual([{ post_status: 'draft' }])
  expect(await contentOf(hub)).toContain('<a ')
})

it('is accepted until its page was published, whatever fails', async () => {
  const { hub, page } = await newCluster('Waters')
  await publish(hub)
  await publish(page)
  const [link] = await linksOf(`from_task_id=${hub}`)
  const { assigned_post_id } = await taskOf(hub)
  await wordpress.php(`wp_trash_post(${assigned_post_id});`)
  const failed = await owner.run('writer/internal_links/accept/', { ids: [link!.id] })
  expect(failed.state).toBe('FAILURE')
  expect(await linksOf(`from_task_id=${hub}`)).toMatchObject([{ state: 'accepted', url: null }])
  await wordpress.php(`wp_untrash_post(${assigned_post_id}); wp_publish_post(${assigned_post_id});`)
  await accept([link!.id])
  expect(await linksOf(`from_task_id=${hub}`)).toMatchObject([{ state: 'live' }])
  expect(await contentOf(hub)).toContain('<a ')
})

it('is proposed anew when the plugin tells that its page moved, went away or came back', async () => {
  await installBridge(wordpress.root, wordpress.php)
  const link = {
    wp_url: wordpress.url,
    wp_username: wordpress.user,
    wp_app_password: wordpress.appPassword,
  }
  const { body } = await owner.call('PUT', `auth/sites/${place.site_id}/wordpress/`, link)
  expect(body).toMatchObject({ plugin: 'paired' })
  const { hub, page } = await newCluster('Cocoas')
  await publish(hub)
  await publish(page)
  const { assigned_post_id, post_url: old } = await taskOf(hub)
  const doIn = (php: string) => wordpress.php(`${php} do_action('igny8_bridge_send');`)
  const toHub = async () => {
    const [{ state, url, wanted_url }] = (await linksOf(`from_task_id=${page}`)) as [Link]
    return { state, url, wanted_url }
  }
  expect(await toHub()).toEqual({ state: 'live', url: old, wanted_url: old })
  await doIn(`wp_update_post(['ID' => ${assigned_post_id}, 'post_name' => 'all-cocoas']);`)
  const moved = `${wordpress.url}/all-cocoas/`
  await expect.poll(toHub).toEqual({ state: 'proposed', url: old, wanted_url: moved })
  const [{ id }] = (await linksOf(`from_task_id=${page}`)) as [Link]
  await accept([id])
  expect(await contentOf(page)).toContain('<a href="/all-cocoas/">Cocoas hub</a>')
  await doIn(`wp_trash_post(${assigned_post_id});`)
  await expect.poll(toHub).toEqual({ state: 'proposed', url: moved, wanted_url: null })
  await accept([id])
  expect(await contentOf(page)).not.toContain('<a ')
  await doIn(`wp_untrash_post(${assigned_post_id}); wp_publish_post(${assigned_post_id});`)
  await expect.poll(toHub).toEqual({ state: 'proposed', url: null, wanted_url: moved })
  await accept([id])
  await doIn(`wp_delete_post(${assigned_post_id}, true);`)
  await expect.poll(toHub).toEqual({ state: 'proposed', url: moved, wanted_url: null })
})

it('leads to a pillar page as to a hub, and between the two', async () => {
  const { hub, page } = await newCluster('Syrups')
  const [cluster] = await service.sql`select cluster_id::int from tasks where id = ${hub}`
  const more = { ...cluster, content_structure: 'pillar_page' }
  const pillar = await write('All of Syrups', '<p>Everything.</p>', more)
  await publish(hub)
  const to = async (id: number) =>
    (await linksOf(`from_task_id=${id}`)).map(({ to_task_id }) => to_task_id).toSorted()
  await publish(pillar)
  expect(await to(pillar)).toEqual([hub, page])
  expect(await to(hub)).toEqual([page, pillar])
  await publish(page)
  expect(await to(page)).toEqual([hub, pillar])
})

it('stays out where a person took it out', async () => {
  const { hub, page } = await newCluster('Lemonades')
  await publish(hub)
  await publish(page)
  const { assigned_post_id } = await taskOf(page)
  await wordpress.php(`$p = get_post(${assigned_post_id}); wp_update_post(wp_slash([
    'ID' => ${assigned_post_id}, 'post_content' => preg_replace('~</?a\\b[^>]*>~', '', $p->post_content)]));`)
  expect(await contentOf(page)).not.toContain('<a ')
  await publish(page)
  expect(await contentOf(page)).not.toContain('<a ')
})

it('is of its account alone', async () => {
  const [link] = await linksOf('')
  const stranger = await register(service.url, 'Strangers to links')
  for (const action of ['accept', 'dismiss']) {
    const { status } = await stranger.post(`writer/internal_links/${action}/`, { ids: [link!.id] })
    expect(status).toBe(404)
  }
  expect((await stranger.get<{ count: number }>('writer/internal_links/')).body.count).toBe(0)
})
