import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase } from '../../db/database.ts'
import { WORKER_LIMITS } from '../../db/limits.ts'
import { Pool } from '../../db/pool.ts'
import { DeliveryLog } from '../../jobs/handlers/publishing/delivery-log.ts'
import type { StepJob } from '../../jobs/steps/step.ts'
import { redactSecrets } from '../../wp-bridge/client/http/redact-secrets.ts'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog, type Place, writeArticles } from './linked-blog.ts'

type Exchange = {
  method: string
  path: string
  request: string
  status: number | null
  answer: string
  ms: number
}
type Delivery = { id: number; type: string; state: string; task_id: number; log: Exchange[] }

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

const listed = async (filter: string, by = owner) => {
  const { body } = await by.get<{ results: Delivery[] }>(`publishing/deliveries/?${filter}`)
  const one = async ({ id }: Delivery) =>
    (await by.get<Delivery>(`publishing/deliveries/${id}/`)).body
  return Promise.all(body.results.map(one))
}
const attemptsOf = (task: number) => listed(`kind=publish&task_id=${task}`)
const basic = () => btoa(`${wordpress.user}:${wordpress.appPassword}`)

it('logs each exchange of an attempt to publish, with its response and time', async () => {
  const [id] = await writeArticles(owner, place, ['Logged'], { images_per_task: 1 })
  expect((await owner.run('writer/tasks/publish/', { ids: [id] })).state).toBe('SUCCESS')
  const [attempt] = await attemptsOf(id!)
  expect(attempt?.state).toBe('delivered')
  const created = attempt!.log.find(
    ({ method, path }) => method === 'POST' && path.endsWith('/posts'),
  )
  expect(created).toMatchObject({
    status: 201,
    request: expect.stringContaining('"title":"Logged"'),
    answer: expect.stringContaining('"status":"publish"'),
    ms: expect.any(Number),
  })
  expect(attempt!.log.find(({ path }) => path.endsWith('/media'))?.request).toMatch(/^<\d+ bytes>$/)
  for (const { request, answer } of attempt!.log) {
    expect(Math.max(request.length, answer.length)).toBeLessThan(4_100)
  }
  expect(JSON.stringify(attempt)).not.toContain(basic())
})

it('removes secrets, also those that a site repeats', async () => {
  const [id] = await writeArticles(owner, place, ['Echoed'], { images_per_task: 1 })
  await wordpress.addMuPlugin({
    name: 'echo',
    php: `<?php add_filter('rest_pre_insert_post', fn() => new WP_Error('echo', implode(' ', [
      $_SERVER['HTTP_AUTHORIZATION'] ?? '', $_SERVER['PHP_AUTH_PW'] ?? '', 'whsec_c2VjcmV0']), ['status' => 403]));`,
  })
  const run = await owner.run('writer/tasks/publish/', { ids: [id] })
  expect(run.state).toBe('FAILURE')
  const [attempt] = await attemptsOf(id!)
  expect(attempt).toMatchObject({ state: 'failed' })
  const refused = attempt!.log.find(({ status }) => status === 403)
  expect(refused?.answer).toContain('[removed]')
  const shown = JSON.stringify([attempt, run, await owner.get(`writer/tasks/${id}/`)])
  for (const secret of [basic(), wordpress.appPassword, 'whsec_'])
    expect(shown).not.toContain(secret)
  await wordpress.removeMuPlugin('echo')
})

it('removes secrets as JSON and URLs write them', () => {
  const credentials = { username: 'ann', appPassword: 'ab+/ cd=e' }
  const both = [credentials.appPassword, credentials.appPassword.replaceAll(' ', '')]
  const secrets = [...both, ...both.map((one) => btoa(`ann:${one}`)), 'whsec_a+b/c=']
  const ways = [
    (text: string) => text,
    (text: string) => text.replaceAll('/', '\\/'),
    (text: string) => text.replaceAll('+', '\\u002b').replaceAll('=', '\\u003d'),
    (text: string) => encodeURIComponent(text),
  ]
  for (const secret of secrets) {
    for (const way of ways) {
      expect(redactSecrets(`x ${way(secret)} y`, credentials), way(secret)).toBe('x [removed] y')
    }
  }
})

it('publishes once more on a replay', async () => {
  const [id] = await writeArticles(owner, place, ['Replayed'], { images_per_task: 1 })
  await owner.run('writer/tasks/publish/', { ids: [id], status: 'draft' })
  const [attempt] = await attemptsOf(id!)
  const replayed = await owner.post<{ task_id: number }>(
    `publishing/deliveries/${attempt!.id}/replay/`,
  )
  expect(replayed.status).toBe(202)
  expect((await owner.follow(replayed.body.task_id)).state).toBe('SUCCESS')
  expect(await attemptsOf(id!)).toMatchObject([{ state: 'delivered' }, { state: 'delivered' }])
  const posts = wordpress.query(`select post_status from wp_posts where post_title = 'Replayed'
    and post_type = 'post'`)
  expect(posts).toEqual([{ post_status: 'draft' }])
})

it('logs an unpublished post, which can be replayed', async () => {
  const [id] = await writeArticles(owner, place, ['Taken back'], { images_per_task: 1 })
  await owner.run('writer/tasks/publish/', { ids: [id] })
  const { task_id: run } = (await owner.post<{ task_id: number }>(`writer/tasks/${id}/unpublish/`))
    .body
  expect((await owner.follow(run)).state).toBe('SUCCESS')
  const [attempt] = await attemptsOf(id!)
  expect(attempt).toMatchObject({ type: 'post.unpublish', state: 'delivered', task_id: id })
  expect(attempt!.log.at(-1)).toMatchObject({ request: '{"status":"draft"}', status: 200 })
  const replay = `publishing/deliveries/${attempt!.id}/replay/`
  const already = await owner.post<{ task_id: number }>(replay)
  expect((await owner.follow(already.body.task_id)).state).toBe('SUCCESS')
  await owner.run('writer/tasks/publish/', { ids: [id] })
  await owner.follow((await owner.post<{ task_id: number }>(replay)).body.task_id)
  const posts = wordpress.query(`select post_status from wp_posts where post_title = 'Taken back'
    and post_type = 'post'`)
  expect(posts).toEqual([{ post_status: 'draft' }])
})

it('saves the exchanges while the attempt runs', async () => {
  const [id] = await writeArticles(owner, place, ['Slow'], { images_per_task: 1 })
  const go = join(wordpress.root, 'go')
  await wordpress.addMuPlugin({
    name: 'slow',
    php: `<?php add_filter('rest_pre_insert_post', function ($post) {
      while (!file_exists('${go}')) { usleep(50000); clearstatcache(); }
      return $post;
    });`,
  })
  const running = owner.run('writer/tasks/publish/', { ids: [id] })
  await expect
    .poll(async () => (await attemptsOf(id!)).map(({ state, log }) => [state, log.at(-1)?.path]))
    .toEqual([['pending', expect.stringContaining('/media')]])
  await writeFile(go, '')
  expect((await running).state).toBe('SUCCESS')
  await wordpress.removeMuPlugin('slow')
})

it('keeps no part of a response that may end within a secret', async () => {
  const database = openDatabase(new Pool(service.databaseUrl, { size: 1 }), WORKER_LIMITS)
  const scope = { accountId: owner.accountId }
  const step = { account_id: owner.accountId, id: 1, run_id: 1, object_id: 1, attempt: 1 }
  const log = await database.withAccount(scope, (tx) =>
    DeliveryLog.begin(tx, { step } as StepJob, { type: 'post.publish', siteId: place.site_id }),
  )
  const kept = async () => {
    await database.withAccount(scope, (tx) => log.save(tx))
    return (await attemptsOf(1))[0]!.log.map(({ answer }) => answer)
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const fetch = log.recording(async () => new Response(readable), {
    username: 'ann',
    appPassword: 'abcd efgh',
  })
  const answer = (await fetch('http://127.0.0.1/')).text()
  await writer.write(new TextEncoder().encode('Your password is abcd ef'))
  expect(await kept()).toEqual([''])
  await writer.write(new TextEncoder().encode('gh, is it not?'))
  await writer.close()
  await answer
  await expect.poll(kept).toEqual(['Your password is [removed], is it not?'])
  await database.close()
})

it('is listed by task and time to users who may see the site', async () => {
  const [id] = await writeArticles(owner, place, ['Found'], { images_per_task: 1 })
  const before = new Date().toISOString()
  await owner.run('writer/tasks/publish/', { ids: [id] })
  const all = await attemptsOf(id!)
  expect(all).toHaveLength(1)
  const { log: _log, ...row } = all[0]!
  const page = await owner.get<{ results: object[] }>(`publishing/deliveries/?task_id=${id}`)
  expect(page.body.results).toContainEqual(row)
  expect(await listed(`task_id=${id}&created_after=${before}`)).toEqual(all)
  expect(await listed(`task_id=${id}&created_before=${before}`)).toEqual([])
  const one = `publishing/deliveries/${all[0]!.id}/`
  const editor = await addUser(owner, 'editor')
  expect(await listed(`task_id=${id}`, editor)).toEqual([])
  expect((await editor.get(one)).status).toBe(404)
  await owner.post(`auth/sites/${place.site_id}/access/`, { user_id: editor.userId })
  expect(await listed(`task_id=${id}`, editor)).toEqual(all)
  expect((await editor.get(one)).status).toBe(200)
})

it('marks an attempt as failed when its worker died', async () => {
  const [id] = await writeArticles(owner, place, ['Interrupted'], { images_per_task: 1 })
  await owner.run('writer/tasks/publish/', { ids: [id] })
  const [attempt] = await attemptsOf(id!)
  await service.sql`update wordpress_deliveries set state = 'pending', log = '[]' where id = ${attempt!.id}`
  const [step] =
    await service.sql`select id from run_steps where kind = 'publish' and object_id = ${id!}`
  await service.sql`update run_steps set state = 'running', worker_id = 1 where id = ${step!.id}`
  await expect
    .poll(async () => (await attemptsOf(id!)).map(({ state }) => state), { timeout: 40_000 })
    .toEqual(['delivered', 'failed'])
})
