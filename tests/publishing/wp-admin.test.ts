import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withPage } from '../helpers/chromium.ts'
import type { Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { installBridge } from '../wordpress/bridge.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place, writeArticles } from './linked-blog.ts'
import { bridgeKeyOf, signedCall } from './signed-call.ts'

let wordpress: WordPress
let service: TestService
let owner: Client
let place: Place
beforeAll(async () => {
  wordpress = await startWordPress()
  await installBridge(wordpress.root, wordpress.php)
  service = await startTestService({ allowPrivateSites: [new URL(wordpress.url).host] })
  owner = await service.owner()
  place = await linkedBlog(owner, wordpress)
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

const inWpAdmin = <T>(path: string, look: (page: Page) => Promise<T>) =>
  withPage(`${wordpress.url}/wp-login.php`, async (page) => {
    await page.fill('#user_login', wordpress.user)
    await page.fill('#user_pass', wordpress.password)
    await page.click('#wp-submit')
    await page.goto(`${wordpress.url}/wp-admin/${path}`)
    return look(page)
  })

async function ask(
  path: string,
  body: object,
  { site = place.site_id, id = undefined as string | undefined } = {},
) {
  const key = await bridgeKeyOf(service, place.site_id)
  return signedCall<Record<string, unknown>>(service, `bridge/${site}/${path}/`, body, { key, id })
}

/** The action of the button beside an article, as it stands now. */
async function publishing(task_id: number) {
  const { body } = await owner.get<{ updated_at: string }>(`writer/tasks/${task_id}/`)
  return { action: 'publish', task_id, updated_at: body.updated_at, user: 'admin' }
}

describe('the page in wp-admin', () => {
  it('shows what was found, and approves and publishes an article with its progress', async () => {
    await owner.call('PATCH', `auth/sites/${place.site_id}/`, { requires_approval: true })
    await owner.get(`auth/sites/${place.site_id}/wordpress/doctor/`)
    const [id] = await writeArticles(owner, place, ['Tea in wp-admin'], { images_per_task: 1 })
    await writeArticles(owner, place, ['<b>Hostile</b> & tea'], { images_per_task: 1 })
    await owner.post('writer/tasks/publish/', { ids: [id] })
    const shown = await inWpAdmin('admin.php?page=igny8-bridge', async (page) => {
      await page.getByText('checks run').waitFor()
      await page.getByText('<b>Hostile</b> & tea', { exact: true }).waitFor()
      await page.getByText('Waiting for approval.').waitFor()
      await page.getByRole('button', { name: 'Approve and publish “Tea in wp-admin”' }).click()
      await page.getByText('Article approved. Publishing has started.').waitFor()
      // The list follows by itself.
      await page
        .getByRole('row', { name: /Tea in wp-admin/ })
        .getByText(/^Live/)
        .waitFor()
      await page.getByRole('link', { name: /^Live \(/ }).click()
      return page.locator('#igny8-tasks').innerText()
    })
    expect(shown).toContain(`Approved by ${wordpress.user} in WordPress`)
    expect(shown).not.toContain('Hostile')
    const { body } = await owner.get<{ status: string; post_url: string }>(`writer/tasks/${id}/`)
    expect(body).toMatchObject({
      status: 'completed',
      approved_by: `${wordpress.user} in WordPress`,
    })
    expect(await (await fetch(body.post_url)).text()).toContain('Tea in wp-admin')
    const audit = await owner.get<{ results: object[] }>('auth/audit_log/?page_size=200')
    expect(audit.body.results).toContainEqual(
      expect.objectContaining({ action: 'task.approved', object_id: id, user_id: null }),
    )
  })

  it('shows what is scheduled beside what is published', async () => {
    const [id] = await writeArticles(owner, place, ['Tea tomorrow'], { images_per_task: 1 })
    await owner.post('writer/tasks/approve/', { ids: [id] })
    const publish_at = new Date(Date.now() + 86_400_000).toISOString()
    const run = await owner.run('writer/tasks/publish/', { ids: [id], publish_at })
    expect(run.state, JSON.stringify(run)).toBe('SUCCESS')
    await inWpAdmin('admin.php?page=igny8-bridge', async (page) => {
      await page.getByRole('link', { name: 'Published (0)' }).waitFor()
      await page.getByRole('link', { name: 'Scheduled (1)' }).click()
      const row = page.getByRole('row', { name: /Tea tomorrow/ })
      await row.getByText('Scheduled').waitFor()
      expect(await page.locator('#igny8-tasks tbody tr').count()).toBe(1)
    })
    await service.sql`delete from tasks where id = ${id!}`
    await wordpress.php(
      `foreach (get_posts(['post_status' => 'future']) as $p) wp_delete_post($p->ID, true);`,
    )
  })

  it('marks the posts in their list, and the filter finds them', async () => {
    const titles = (page: Page) => page.locator('.row-title').allInnerTexts()
    const filtered = async (page: Page, filter: string) => {
      await page.selectOption('#igny8-filter', filter)
      await page.click('#post-query-submit')
      await page.waitForURL((url) => url.searchParams.get('igny8') === filter)
      return titles(page)
    }
    const told = () => String(wordpress.query('select task from wp_igny8_tasks')[0]?.task)
    await expect.poll(told, { timeout: 30_000 }).toContain('completed')
    await inWpAdmin('edit.php', async (page) => {
      const row = page.getByRole('row', { name: /Tea in wp-admin/ })
      await row.getByRole('link', { name: 'Live', exact: true }).waitFor()
      expect(await titles(page)).toContain('Hello world!')
      expect(await filtered(page, 'yes')).toEqual(['Tea in wp-admin'])
      expect(await filtered(page, 'edited')).toEqual([])
      expect(await filtered(page, 'no')).toEqual(['Hello world!'])
    })
  })
})

describe('what the plugin asks for', () => {
  it('is of its own site alone, signed, and done once', async () => {
    const other = await linkedBlog(owner, wordpress)
    // A WordPress has one pairing: the first site's again.
    await owner.get(`auth/sites/${place.site_id}/wordpress/doctor/`)
    const [mine] = await writeArticles(owner, place, ['Mine'], { images_per_task: 1 })
    const [theirs] = await writeArticles(owner, other, ['Of another site'], { images_per_task: 1 })
    expect((await ask('actions', await publishing(theirs!))).status).toBe(404)
    const publish = await publishing(mine!)
    expect((await ask('actions', publish, { site: other.site_id })).status).toBe(401)
    expect((await ask('overview', {}, { site: other.site_id })).status).toBe(401)
    const unsigned = `${service.url}/api/v1/bridge/${place.site_id}/overview/`
    const headers = { 'content-type': 'application/json' }
    const refused = await fetch(unsigned, { method: 'POST', headers, body: '{}' })
    expect(await refused.json()).toMatchObject({ status: 401, code: 'signature_invalid' })
    expect((await ask('overview', { status: 'nonsense' })).status).toBe(400)
    const id = crypto.randomUUID()
    expect((await ask('actions', publish, { id })).body).toEqual({ taken: true })
    expect((await ask('actions', publish, { id })).body).toEqual({ taken: true })
    const runs =
      await service.sql`select id from run_steps where kind = 'publish' and object_id = ${mine!}`
    expect(runs).toHaveLength(1)
    const seen = (await ask('overview', {})).body as { tasks: { title: string }[] }
    expect(seen.tasks.map(({ title }) => title)).not.toContain('Of another site')
    expect(JSON.stringify(seen)).not.toMatch(/whsec_|wp_app/)
  })

  it('is refused when the article has changed since it was shown', async () => {
    const [id] = await writeArticles(owner, place, ['As shown'], { images_per_task: 1 })
    const { body } = await ask('overview', {})
    const shown = (body.tasks as { task_id: number; updated_at: string }[])[0]!
    const { task_id, updated_at } = shown
    expect(task_id).toBe(id)
    await owner.call('PATCH', `writer/tasks/${id}/`, { title: 'Not as shown' })
    const refused = await ask('actions', { ...(await publishing(id!)), updated_at })
    expect(refused).toMatchObject({ status: 412, body: { code: 'precondition_failed' } })
    expect((await owner.get(`writer/tasks/${id}/`)).body).toMatchObject({ approved_at: null })
    expect((await ask('actions', await publishing(id!))).status).toBe(200)
  })

  it('is refused while the article is being sent as a draft, and approves nothing then', async () => {
    const [id] = await writeArticles(owner, place, ['A draft first'], { images_per_task: 1 })
    const reason = service.sql.json({ code: 'x', message: 'It is down.' })
    await service.sql`update sites set wp_paused_at = now(), wp_pause_reason = ${reason}
      where id = ${place.site_id}`
    await owner.post('writer/tasks/publish/', { ids: [id], status: 'draft' })
    const refused = await ask('actions', await publishing(id!))
    expect(refused).toMatchObject({ status: 409, body: { code: 'already_running' } })
    expect((await owner.get(`writer/tasks/${id}/`)).body).toMatchObject({ approved_at: null })
  })

  it('is told nothing that was found of another WordPress', async () => {
    expect((await ask('overview', {})).body).toMatchObject({ examination: { healthy: true } })
    await service.sql`update sites set wp_url = 'http://127.0.0.1:9' where id = ${place.site_id}`
    expect((await ask('overview', {})).body).toMatchObject({ examination: null })
    await service.sql`update sites set wp_url = ${wordpress.url} where id = ${place.site_id}`
  })

  it('is answered in pages', async () => {
    await service.sql`insert into tasks (account_id, site_id, sector_id, title)
      select ${owner.accountId}, ${place.site_id}, ${place.sector_id}, 'Many ' || n from generate_series(1, 70) n`
    const first = (await ask('overview', { status: 'queued' })).body as { tasks: object[] }
    expect([first.tasks.length, first]).toMatchObject([
      50,
      { has_more: true, counts: { queued: 70 } },
    ])
    const second = (await ask('overview', { status: 'queued', page: 2 })).body
    expect(second).toMatchObject({ has_more: false })
    expect(second.tasks).toHaveLength(20)
  })
})
