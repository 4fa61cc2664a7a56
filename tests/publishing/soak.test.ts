import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdsMarker } from '../../wp-bridge/client/publish/marker.ts'
import { type MortalWorker, startMortalWorker } from '../crash/mortal-worker.ts'
import { type BreakingProxy, startBreakingProxy } from '../helpers/breaking-proxy.ts'
import { type Client, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { installBridge } from '../wordpress/bridge.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import {
  BREAKS,
  breakSteps,
  countsIn,
  linkedBlog,
  type Place,
  seeded,
  writeArticles,
} from './linked-blog.ts'

/** `npm run soak` runs all of it: 504 publications. */
const SOAK = Boolean(process.env.SOAK)
const TASKS = SOAK ? 63 : 6
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
/** Longer than any delay of the proxy, so that nothing is still on its way after it. */
const SETTLE_MS = 3_000
const KINDS = (['6.1', '6.5'] as const).flatMap((version) =>
  (['sqlite', 'mariadb'] as const).flatMap((database) =>
    (['without', 'with'] as const).map((plugin) => ({ version, database, plugin })),
  ),
)
const LEAN = [KINDS[0]!, KINDS.at(-1)!]

describe.each(SOAK ? KINDS : LEAN)(
  'WordPress $version over $database $plugin the plugin',
  ({ version, database, plugin }) => {
    let wordpress: WordPress
    let proxy: BreakingProxy
    let service: TestService
    let worker: MortalWorker
    let owner: Client
    let place: Place

    beforeAll(async () => {
      wordpress = await startWordPress({ version, database })
      if (plugin === 'with') await installBridge(wordpress.root, wordpress.php)
      proxy = await startBreakingProxy(wordpress.url)
      await wordpress.setPublicUrl(proxy.url)
      service = await startTestService({
        role: 'api',
        allowPrivateSites: [new URL(proxy.url).host],
      })
      worker = await startMortalWorker(service, SETTLE_MS)
      owner = await service.owner()
      await service.sql`update accounts set credits = 100000 where id = ${owner.accountId}`
      place = await linkedBlog(owner, wordpress, proxy.url)
    })
    afterAll(async () => {
      await worker?.stop()
      await service?.stop()
      await proxy?.stop()
      await wordpress?.stop()
    })

    it(`has ${TASKS} tasks once each, whatever breaks and dies (seed ${SEED})`, async () => {
      const random = seeded(SEED)
      const ids = await writeArticles(owner, place, titles(), { images_per_task: 1 })
      await fileUnderTerms(ids)
      const broken = breakSteps(proxy, random, killer(random))
      await publishUntilDone(ids)
      proxy.choose(() => null)
      console.log(`${proxy.log.length} requests, ${worker.kills} kills; broken:`, broken())
      if (SOAK) expectAllWays(broken())
      expect(worker.kills).toBeGreaterThan(1)
      expect(await inService()).toEqual(titles().map((title) => ({ title, isPublished: true })))
      expectOnceEach(await articles())
    }, 1_800_000)

    /** That what creates files and posts was broken in each way. */
    function expectAllWays(times: Record<string, number>): void {
      const post = plugin === 'with' ? 'PUT /wp-json/igny8/v1/posts/…' : 'POST /wp-json/wp/v2/posts'
      for (const step of ['POST /wp-json/wp/v2/media', post]) {
        expect(times[step], step).toBeGreaterThanOrEqual(BREAKS.length)
      }
    }

    const titles = () => Array.from({ length: TASKS }, (_, n) => `Article ${100 + n}`)

    /** Ten articles to a category; every tag is of two. */
    async function fileUnderTerms(ids: number[]): Promise<void> {
      for (const [n, id] of ids.entries()) {
        const name = `Category ${Math.floor(n / 10)}`
        if (n % 10 === 0) await owner.post('planner/clusters/', { ...place, name })
        const keyword = `tag ${Math.floor(n / 2)}`
        if (n % 2 === 0) await owner.post('planner/keywords/', { ...place, keyword })
        const [cluster] = await service.sql`select id::int from clusters where name = ${name}`
        const terms = { cluster_id: cluster!.id, keywords: keyword }
        const { status, body } = await owner.call('PATCH', `writer/tasks/${id}/`, terms)
        if (status !== 200) throw new Error(JSON.stringify(body))
      }
    }

    /** Kills the worker while every so many-th request of it is under way. */
    function killer(random: () => number): () => void {
      let left = 5 + Math.floor(random() * 50)
      return () => {
        if (--left > 0) return
        left = 5 + Math.floor(random() * 70)
        worker.kill()
      }
    }

    /** A run may give a task up after many failures in a row; its owner then asks again. */
    async function publishUntilDone(ids: number[]): Promise<void> {
      let isDone = false
      const hurrying = (async () => {
        for (; !isDone; await delay(1_000)) await hurry()
      })()
      try {
        for (let left = ids; left.length > 0; ) {
          // A run may take longer than a token is valid.
          const asking = await signIn(service.url, owner.email)
          const { result } = await asking.run('writer/tasks/publish/', { ids: left })
          const failed = result!.steps.filter(({ state }) => state !== 'succeeded')
          left = failed.map(({ object_id }) => object_id)
        }
      } finally {
        isDone = true
        await hurrying
      }
    }

    /** Has what waits minutes for its next try tried again at once. */
    async function hurry(): Promise<void> {
      await service.sql`update pgboss.job set start_after = now()
      where state in ('created', 'retry') and start_after > now() + interval '4 seconds'`
      await service.sql`update sites set wp_probe_at = now() where wp_probe_at > now()`
    }

    async function inService() {
      const rows =
        await service.sql`select title, status, assigned_post_id from tasks order by title`
      return rows.map(({ title, status, assigned_post_id }) => ({
        title,
        isPublished: ['published', 'completed'].includes(status) && assigned_post_id !== null,
      }))
    }

    /** Each task with what WordPress's database has of it. */
    async function articles() {
      const tasks = await service.sql`select publication_key as key, title, c.name as category,
      t.keywords as tag from tasks t join clusters c on c.id = t.cluster_id order by title`
      const posts = wordpress.query(
        `select ID, post_status, post_content from wp_posts where post_type = 'post' and post_name <> 'hello-world'`,
      )
      expect(posts).toHaveLength(tasks.length)
      return tasks.map(({ key, title, category, tag }) => {
        const mine = posts.filter(({ post_content }) => holdsMarker(String(post_content), key))
        return { title, wanted: [category, tag], mine }
      })
    }

    function expectOnceEach(all: Awaited<ReturnType<typeof articles>>): void {
      for (const { title, wanted, mine } of all) {
        expect(
          mine.map(({ post_status }) => post_status),
          title,
        ).toEqual(['publish'])
        const terms = wordpress.query(
          `select name from wp_term_relationships join wp_term_taxonomy using (term_taxonomy_id)
          join wp_terms using (term_id) where object_id = ? order by taxonomy`,
          Number(mine[0]!.ID),
        )
        expect(
          terms.map(({ name }) => name),
          title,
        ).toEqual(wanted)
      }
    }

    it('has each term and each image once', async () => {
      const twice = `select name, taxonomy from wp_terms join wp_term_taxonomy using (term_id)
      group by name, taxonomy having count(*) > 1`
      expect(wordpress.query(twice)).toEqual([])
      const { attachments } = countsIn(wordpress)
      expect([...attachments].filter(([, n]) => n !== 1)).toEqual([])
      const [files] = await service.sql`select count(distinct content_hash)::int as n from images`
      expect(attachments.size).toBe(files!.n)
      const without = `select ID from wp_posts where post_type = 'post' and post_name <> 'hello-world'
      and ID not in (select post_id from wp_postmeta where meta_key = '_thumbnail_id')`
      expect(wordpress.query(without)).toEqual([])
    })
  },
)
