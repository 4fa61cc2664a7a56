import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BreakingProxy, mulberry32, startBreakingProxy } from '../helpers/breaking-proxy.ts'
import { article } from './article.ts'
import { holdings, onceEach } from './holdings.ts'
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

/** Starts a process that publishes the article of `key`, and waits until it begins. */
async function startPublisher(
  proxy: BreakingProxy,
  key: string,
  settleMs: number,
): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'publish-child.ts')
  const { user, appPassword } = wp
  const args = [
    script,
    restRootOf(proxy),
    user,
    appPassword,
    intentLogFile(key),
    key,
    `${settleMs}`,
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout!, 'data')
  return child
}

const exitOf = async (child: ChildProcess) => (await once(child, 'exit')) as [number, string]

describe.concurrent('a publishing process that is killed', () => {
  const moments = [0, 1, 2, 3, 4, 5].flatMap((write) =>
    (['lose_answer', 'drop'] as const).map((broken) => ({ write, broken })),
  )

  it.each(moments)('at write $write ($broken) makes everything once', async ({ write, broken }) => {
    const proxy = await startBreakingProxy(wp.url)
    const post = await article(`killed-${write}-${broken.replace('_', '-')}`)
    let writes = 0
    // What was passed on may take long; what was dropped is known never to arrive.
    const settleMs = broken === 'drop' ? 1_500 : 15_000
    const killed = await startPublisher(proxy, post.key, settleMs)
    proxy.choose(({ method }) => {
      if (method !== 'POST' || writes++ !== write) return null
      killed.kill('SIGKILL')
      return broken
    })
    expect(await exitOf(killed)).toEqual([null, 'SIGKILL'])
    const second = await startPublisher(proxy, post.key, settleMs)
    expect(await exitOf(second)).toEqual([0, null])
    await proxy.stop()
    expect(holdings(wp, post)).toEqual(onceEach(post))
  })

  it('again and again, at random moments, makes everything once', async () => {
    const random = mulberry32(7)
    const settleMs = 6_000
    const proxy = await startBreakingProxy(wp.url)
    const post = await article('killed-often')
    for (let kill = 0; kill < 6; kill++) {
      const child = await startPublisher(proxy, post.key, settleMs)
      const exited = exitOf(child)
      await Promise.race([delay(random() * 500), exited])
      child.kill('SIGKILL')
      await exited
    }
    expect(await exitOf(await startPublisher(proxy, post.key, settleMs))).toEqual([0, null])
    await proxy.stop()
    expect(holdings(wp, post)).toEqual(onceEach(post))
  })
})
