import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withPage } from '../helpers/chromium.ts'

const folder = mkdtempSync(join(tmpdir(), 'igny8-demo-'))
// Root's PostgreSQL runs as another user, who keeps its data elsewhere if it cannot come in here.
chmodSync(folder, 0o755)

function startDemo(...args: string[]) {
  const program = join(import.meta.dirname, 'demo.ts')
  return spawn(process.execPath, [program, '--dir', folder, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function demo(...args: string[]): Promise<{ code: number; printed: string }> {
  const child = startDemo(...args)
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { code, printed: out + err }
}

const stage = () => JSON.parse(readFileSync(join(folder, 'stage.json'), 'utf8'))
const answers = (url: string) => fetch(url).then(Boolean, () => false)

describe('the demo', () => {
  let first: { code: number; printed: string }
  let postUrls: string[]
  beforeAll(async () => {
    first = await demo()
    postUrls = first.printed.match(/^ {2}http:\S+$/gm)?.map((line) => line.trim()) ?? []
  }, 240_000)
  afterAll(async () => {
    await demo('stop')
    rmSync(folder, { recursive: true })
  }, 120_000)

  it('ends with the addresses of three posts and how to stop it', () => {
    expect(first, first.printed).toMatchObject({ code: 0 })
    expect(new Set(postUrls).size).toBe(3)
    expect(first.printed).toContain('npm run demo -- stop')
  })

  it('tells each step in plain lines when nobody watches a terminal', () => {
    expect(first.printed).not.toContain('\x1b')
    for (const line of [/^Importing keywords: 70 keywords/m, /^Publishing: 3 posts/m]) {
      expect(first.printed).toMatch(line)
    }
  })

  it('shows the featured image of a post in a browser', async () => {
    const image = await withPage(postUrls[0] ?? '', async (page) => {
      const featured = page.locator('img.wp-post-image')
      await featured.scrollIntoViewIfNeeded()
      await featured.evaluate((img: HTMLImageElement) => img.decode())
      const seen = await featured.evaluate((img: HTMLImageElement) => {
        const { x, y, width, height } = img.getBoundingClientRect()
        const top = Math.max(y, 0)
        const middle = (top + Math.min(y + height, innerHeight)) / 2
        return {
          naturalWidth: img.naturalWidth,
          width,
          height,
          visible: img.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
          onTop: document.elementsFromPoint(x + width / 2, middle).includes(img),
        }
      })
      return { ...seen, png: await featured.screenshot() }
    })
    expect(image).toMatchObject({ naturalWidth: 1200, visible: true, onTop: true })
    expect(image.width).toBeGreaterThan(300)
    expect(image.height).toBeGreaterThan(150)
    const { channels, entropy } = await sharp(image.png).stats()
    expect(entropy).toBeGreaterThan(1)
    expect(Math.max(...channels.map(({ stdev }) => stdev))).toBeGreaterThan(5)
  })

  it('uses what runs already when it is run again', async () => {
    const { pid } = stage()
    const second = await demo()
    expect(second, second.printed).toMatchObject({ code: 0 })
    expect(second.printed).not.toContain('Starting')
    expect(stage().pid).toBe(pid)
  }, 240_000)

  it('stops all of it on request, and says when nothing runs', async () => {
    const { service, wordpress } = stage()
    expect(await answers(service)).toBe(true)
    expect(await demo('stop')).toEqual({ code: 0, printed: 'The demo is stopped.\n' })
    expect([await answers(service), await answers(wordpress.url)]).toEqual([false, false])
    expect(existsSync(join(folder, 'stage.json'))).toBe(false)
    expect(await demo('stop')).toEqual({ code: 0, printed: 'No demo is running.\n' })
  }, 120_000)

  it('stops all of it when it is interrupted', async () => {
    const child = startDemo()
    const lines = on(createInterface(child.stdout), 'line')
    for await (const [line] of lines) if (line.startsWith('Registering:')) break
    const { service, wordpress } = stage()
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
    expect([await answers(service), await answers(wordpress.url)]).toEqual([false, false])
  }, 120_000)

  it('refuses a command it does not know, and says which there are', async () => {
    const { code, printed } = await demo('dance')
    expect(code).toBe(1)
    expect(printed).toContain('npm run demo -- --stop')
  })
})
