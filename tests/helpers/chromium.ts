import { existsSync } from 'node:fs'
import { chromium, type Page } from 'playwright-core'

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Opens an address in headless Chromium, gives the loaded page to `look`, and closes it.
 * @throws when no Chromium is installed, or when the page does not answer with a success
 */
export async function withPage<T>(url: string, look: (page: Page) => Promise<T>): Promise<T> {
  const executablePath = PROGRAMS.find((program) => existsSync(program))
  if (!executablePath) throw new Error('No Chromium: run node tests/install/install.mjs --tests')
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    const answer = await page.goto(url, { waitUntil: 'load' })
    if (!answer?.ok()) throw new Error(`${url} answers ${answer?.status() ?? 'nothing'}`)
    return await look(page)
  } finally {
    await browser.close()
  }
}
