import { afterAll, beforeAll, expect, it } from 'vitest'
import { withoutSecrets } from '../../wp-bridge/client/without-secrets.ts'
import type { Client } from '../helpers/client.ts'
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
type Delivery = { id: number; state: string; payload: { task_id: number }; log: Exchange[] }

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

const attemptsOf = async (task: number) => {
  const { body } = await owner.get<{ results: Delivery[] }>(
    `publishing/deliveries/?kind=publish&site_id=${place.site_id}&page_size=100`,
  )
  return body.results.filter(({ payload }) => payload.task_id === task)
}
const basic = () => btoa(`${wordpress.user}:${wordpress.appPassword}`)

it('has each exchange of an attempt to publish, with its answer and time', async () => {
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

it('removes secrets, also those that a site says back', async () => {
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

it('removes what JSON and addresses write in another way', () => {
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
      expect(withoutSecrets(`x ${way(secret)} y`, credentials), way(secret)).toBe('x [removed] y')
    }
  }
})

it('publishes anew what is replayed, once', async () => {
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

it('says of an attempt whose worker died that it failed', async () => {
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
