import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEgress } from '../../server/egress/egress.ts'
import { connect, type Fetch, type WordPressApi } from '../../wp-bridge/client/http/transport.ts'
import { marker } from '../../wp-bridge/client/publish/marker.ts'
import { publishPost } from '../../wp-bridge/client/publish/publish.ts'
import {
  type Break,
  type BreakingProxy,
  seededBreaks,
  startBreakingProxy,
} from '../helpers/breaking-proxy.ts'
import { article } from './article.ts'
import { fileIntentLog } from './file-intent-log.ts'
import { holdings, onceEach } from './holdings.ts'
import { publishUntilDone } from './publish-until-done.ts'
import { startWordPress, type WordPress } from './wordpress.ts'

let wp: WordPress
let dir: string

beforeAll(async () => {
  wp = await startWordPress()
  dir = mkdtempSync(join(tmpdir(), 'igny8-intents-'))
})
afterAll(async () => {
  await wp?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const intentLogFile = (key: string) => join(dir, `${key}.json`)
const restRootOf = (proxy: BreakingProxy) => `${proxy.url}/wp-json/`

/** Through the guarded client, as in the service; 30 s for a request by default. */
function apiOf(proxy: BreakingProxy, timeoutMs?: number): WordPressApi {
  const { user: username, appPassword } = wp
  const egress = createEgress({ allowPrivate: [new URL(proxy.url).host] })
  const limited: Fetch = (url, init) => egress.fetch(url, { ...init, timeoutMs })
  return connect({ fetch: limited, restRoot: restRootOf(proxy), username, appPassword })
}

const CREATES = { media: '/wp/v2/media', category: '/wp/v2/categories', post: '/wp/v2/posts' }

const BREAKS: Record<string, Break> = {
  'drop before it': 'drop',
  'half of the body': 'cut',
  'a reset before it': 'reset_before',
  'a reset after it': 'reset_after',
  'a lost answer': 'lose_answer',
  'a 502 before it': '502_before',
  'a 502 after it': '502_after',
  'a 503': '503',
  'a 429': '429',
  'a web page before it': 'html_before',
  'a web page after it': 'html_after',
  'half an answer': 'truncate',
  'a late start': { delay: 1_200 },
  'a stalled answer': { stall: 1_200 },
}

const cases = Object.entries(CREATES).flatMap(([create, path]) =>
  Object.entries(BREAKS).map(([name, broken], index) => ({ create, path, name, broken, index })),
)

describe.concurrent('a create that meets', () => {
  it.each(cases)('$name is done once: $create', async ({ create, path, broken, index }) => {
    const proxy = await startBreakingProxy(wp.url)
    const whole = await article(`${create}-${index}`)
    const post = create === 'category' ? { ...whole, images: [], featured: null } : whole
    let met = false
    proxy.breakNext(({ method, url }) => {
      const meets = method === 'POST' && url === `/wp-json${path}`
      met ||= meets
      return meets
    }, broken)
    const isSlow = typeof broken === 'object'
    try {
      await publishUntilDone({
        api: apiOf(proxy, isSlow ? 900 : undefined),
        post,
        intentLog: fileIntentLog(intentLogFile(post.key)),
        settleMs: isSlow ? 60_000 : 1_500,
      })
    } finally {
      await proxy.stop()
    }
    expect(met).toBe(true)
    expect(holdings(wp, post)).toEqual(onceEach(post))
  })
})

describe('a create whose outcome is unknown', () => {
  it('is not repeated before it has settled, however often it is requested', async () => {
    const proxy = await startBreakingProxy(wp.url)
    const post = await article('unsettled', { images: [], featured: null })
    const request = {
      api: apiOf(proxy),
      post,
      intentLog: fileIntentLog(intentLogFile('unsettled')),
    }
    const sends = () =>
      proxy.log.filter(({ method, url }) => method === 'POST' && url === '/wp-json/wp/v2/posts')
    proxy.breakNext(({ method, url }) => method === 'POST' && url.endsWith('/posts'), '502_before')
    const pending = { code: 'outcome_pending', retryable: true, outcome: 'unknown' }
    const settleMs = 600_000
    await expect(publishPost({ ...request, settleMs })).rejects.toMatchObject(pending)
    await expect(publishPost({ ...request, settleMs })).rejects.toMatchObject(pending)
    expect(sends()).toHaveLength(1)
    const inTenMinutes = () => Date.now() + settleMs
    await publishPost({ ...request, settleMs, now: inTenMinutes })
    expect(sends()).toHaveLength(2)
    await proxy.stop()
  })

  it('does not delay the retry of a create that was certainly not done', async () => {
    const proxy = await startBreakingProxy(wp.url)
    const post = await article('refused', { images: [], featured: null })
    let sends = 0
    const { user: username, appPassword } = wp
    const guarded = async (url: string, init?: RequestInit) => {
      const isCreate = init?.method === 'POST' && url.endsWith('/posts')
      if (isCreate && sends++ === 0) throw Object.assign(new Error('no route'), { sent: false })
      return fetch(url, init)
    }
    const api = connect({ fetch: guarded, restRoot: restRootOf(proxy), username, appPassword })
    const intentLog = fileIntentLog(intentLogFile('refused'))
    const request = { api, post, intentLog, settleMs: 600_000 }
    await expect(publishPost(request)).rejects.toMatchObject({ outcome: 'not_done' })
    proxy.breakNext(({ method, url }) => method === 'POST' && url.endsWith('/posts'), '429')
    const limited = { code: 'rate_limited', retryAfterMs: 1_000, outcome: 'not_done' }
    await expect(publishPost(request)).rejects.toMatchObject(limited)
    expect((await publishPost(request)).wp_status).toBe('publish')
    expect(holdings(wp, post).posts).toEqual(['publish'])
    await proxy.stop()
  })

  it('is not sent by a process that was suspended after its intent', async () => {
    const proxy = await startBreakingProxy(wp.url)
    const post = await article('suspended', { images: [], featured: null })
    const intentLog = fileIntentLog(intentLogFile('suspended'))
    let now = Date.now()
    const slow = {
      ...intentLog,
      async intend(...args: Parameters<typeof intentLog.intend>) {
        const isWritten = await intentLog.intend(...args)
        now += 60_000
        return isWritten
      },
    }
    const request = { api: apiOf(proxy), post, settleMs: 1_500, now: () => now }
    await expect(publishPost({ ...request, intentLog: slow })).rejects.toMatchObject({
      code: 'attempt_suspended',
      outcome: 'not_done',
    })
    expect(holdings(wp, post).posts).toEqual([])
    await publishPost({ ...request, intentLog })
    expect(holdings(wp, post).posts).toEqual(['publish'])
    await proxy.stop()
  })

  it('is sent by only one of two workers that start at once', async () => {
    const proxy = await startBreakingProxy(wp.url)
    const post = await article('contended')
    const intentLog = fileIntentLog(intentLogFile('contended'))
    const request = { api: apiOf(proxy), post, intentLog, settleMs: 1_500 }
    const receipts = await Promise.all([publishUntilDone(request), publishUntilDone(request)])
    expect(receipts[0].post_id).toBe(receipts[1].post_id)
    expect(holdings(wp, post)).toEqual(onceEach(post))
    await proxy.stop()
  })
})

describe('an update whose responses are lost', () => {
  it('is not mistaken for a person’s edit when WordPress changed its markup', async () => {
    const proxy = await startBreakingProxy(wp.url)
    const { user: username, appPassword } = await wp.addUser('olga', 'author')
    const api = connect({ fetch, restRoot: restRootOf(proxy), username, appPassword })
    const post = await article('updated')
    const intentLog = fileIntentLog(intentLogFile('updated'))
    const request = { api, post, intentLog, settleMs: 1_500 }
    const { post_id } = await publishPost(request)
    const written = `<p class="${marker('updated')}" onclick="x()">Written <blink>anew</blink></p>`
    const changed = { ...request, post: { ...post, renderContent: () => written } }
    proxy.choose(({ method, url }) =>
      method === 'POST' && url.endsWith(`/posts/${post_id}`) ? 'lose_answer' : null,
    )
    await expect(publishPost(changed)).rejects.toMatchObject({ code: 'connection_lost' })
    proxy.choose(() => null)
    const receipt = await publishPost(changed)
    expect(receipt.post_id).toBe(post_id)
    const [row] = wp.query('select post_content from wp_posts where ID = ?', post_id)
    expect(row?.post_content).toContain('Written anew')
    await proxy.stop()
  })
})

describe('a create in which WordPress dies halfway', () => {
  it.each(['post', 'attachment'])('is completed for a %s', async (type) => {
    const name = `dies-at-${type}`
    await wp.setOption(name, 1)
    await wp.addMuPlugin({
      name,
      php: `<?php add_action('rest_insert_${type}', function () {
        if (!get_option('${name}')) return;
        update_option('${name}', 0);
        http_response_code(500);
        exit;
      });`,
    })
    const proxy = await startBreakingProxy(wp.url)
    const post = await article(name)
    const intentLog = fileIntentLog(intentLogFile(name))
    const receipt = await publishUntilDone({ api: apiOf(proxy), post, intentLog, settleMs: 1_500 })
    await proxy.stop()
    await wp.removeMuPlugin(name)
    expect(holdings(wp, post)).toEqual(onceEach(post))
    expect(receipt.attachments.map(({ alt_text }) => alt_text)).toEqual(
      post.images.map(({ alt_text }) => alt_text),
    )
    const sizes = wp.query(
      `select post_id from wp_postmeta where meta_key = '_wp_attachment_metadata' and post_id in (?, ?)`,
      ...receipt.attachments.map(({ id }) => id),
    )
    expect(sizes).toHaveLength(2)
  })
})

describe.concurrent('publishing while a site breaks at random', () => {
  it.each([1, 2, 3, 4])('creates everything once, with seed %i', async (seed) => {
    const all = Object.values(BREAKS).filter((broken) => typeof broken === 'string')
    const choose = seededBreaks(seed, 0.2, all)
    const proxy = await startBreakingProxy(wp.url, { choose })
    const posts = [await article(`random-${seed}-a`), await article(`random-${seed}-b`)]
    await Promise.all(
      posts.map((post) =>
        publishUntilDone({
          api: apiOf(proxy),
          post,
          intentLog: fileIntentLog(intentLogFile(post.key)),
          settleMs: 1_500,
        }),
      ),
    )
    expect(proxy.log.filter(({ broken }) => broken !== null)).not.toHaveLength(0)
    await proxy.stop()
    for (const post of posts) expect(holdings(wp, post)).toEqual(onceEach(post))
  })
})
