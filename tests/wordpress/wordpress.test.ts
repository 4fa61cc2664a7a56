import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../helpers/until.ts'
import { startWordPress, type WordPress } from './wordpress.ts'

const authorization = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})

function me(wp: WordPress, user: string, appPassword: string) {
  return fetch(`${wp.url}/wp-json/wp/v2/users/me?context=edit`, {
    headers: authorization(user, appPassword),
  })
}

/** The processes of a group, without those that have ended and were not yet waited for. */
function processesOf(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(statOf)
    .filter((stat) => {
      const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(processGroup) === group && state !== 'Z'
    })
    .map((stat) => Number.parseInt(stat, 10))
}

/** Empty for a process that has ended since it was listed. */
function statOf(pid: string): string[] {
  try {
    return [readFileSync(`/proc/${pid}/stat`, 'utf8')]
  } catch {
    return []
  }
}

/** A killed process is gone a moment after the signal. */
const gone = (group: number) =>
  until(() => processesOf(group).length === 0, { what: `the end of process group ${group}` })

describe('a WordPress for tests', () => {
  let wp: WordPress
  beforeAll(async () => {
    wp = await startWordPress()
  })
  afterAll(() => wp.stop())

  it('answers at its REST root with its own address', async () => {
    const index = await (await fetch(`${wp.url}/wp-json/`)).json()
    expect(index).toMatchObject({ home: wp.url, namespaces: expect.arrayContaining(['wp/v2']) })
  })

  it('lets the application password in, and no other', async () => {
    const user = await me(wp, wp.user, wp.appPassword)
    expect(user.status).toBe(200)
    expect(await user.json()).toMatchObject({ roles: ['administrator'] })
    expect((await me(wp, wp.user, 'wrong')).status).toBe(401)
  })

  it('adds users with a role and an application password of their own', async () => {
    const author = await wp.addUser('ed.o@neil', 'author')
    const user = await me(wp, author.user, author.appPassword)
    expect(await user.json()).toMatchObject({ username: 'ed.o@neil', roles: ['author'] })
  })

  it('shows in its database what was written through REST', async () => {
    const created = await fetch(`${wp.url}/wp-json/wp/v2/posts`, {
      method: 'POST',
      headers: { ...authorization(wp.user, wp.appPassword), 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'Brewing', status: 'publish', slug: 'brewing' }),
    })
    expect(created.status).toBe(201)
    expect(wp.query('select post_title from wp_posts where post_name = ?', 'brewing')).toEqual([
      { post_title: 'Brewing' },
    ])
    expect(await (await fetch(`${wp.url}/brewing/`)).text()).toContain('<title>Brewing')
  })

  it('runs PHP inside WordPress and fails with its message', async () => {
    expect(await wp.php('echo get_bloginfo("version");')).toMatch(/^\d+\.\d+/)
    await expect(wp.php('throw new Exception("no beans");')).rejects.toThrow('no beans')
  })

  it('takes options, plugins and another public address while it runs', async () => {
    await wp.setOption('blogname', "Beans & 'Co'")
    await wp.addMuPlugin({
      name: 'teapot',
      php: "<?php add_action('init', function () { header('X-Teapot: short'); });",
    })
    await wp.setPublicUrl('http://127.0.0.1:9')
    const answer = await fetch(`${wp.url}/wp-json/`)
    expect(await answer.json()).toMatchObject({
      name: 'Beans &amp; &#039;Co&#039;',
      home: 'http://127.0.0.1:9',
    })
    expect(answer.headers.get('x-teapot')).toBe('short')
    await wp.removeMuPlugin('teapot')
    await wp.setPublicUrl(wp.url)
    expect((await fetch(`${wp.url}/wp-json/`)).headers.get('x-teapot')).toBe(null)
  })

  it('keeps its posts and its address over a restart', async () => {
    await wp.php('wp_insert_post(["post_title" => "Kept", "post_status" => "publish"]);')
    const before = wp.pid
    await wp.restart()
    expect(wp.pid).not.toBe(before)
    await gone(before)
    const posts = await (await fetch(`${wp.url}/wp-json/wp/v2/posts?search=Kept`)).json()
    expect(posts).toMatchObject([{ title: { rendered: 'Kept' } }])
  })
})

describe('several of them', () => {
  it('run at once and know nothing of each other', async () => {
    const [one, two] = await Promise.all([startWordPress(), startWordPress({ path: '/blog' })])
    await one.setOption('blogname', 'One')
    expect(two.url).toMatch(/\/blog$/)
    const index = await (await fetch(`${two.url}/wp-json/`)).json()
    expect(index).toMatchObject({ name: 'igny8 test site', home: two.url })
    await Promise.all([one.stop(), two.stop()])
  })

  it('leave no process and no folder when they are stopped', async () => {
    const wp = await startWordPress()
    expect(processesOf(wp.pid).length).toBeGreaterThan(1)
    await wp.stop()
    await gone(wp.pid)
    expect(existsSync(wp.dir)).toBe(false)
  })

  it('are stopped though a request hangs', async () => {
    const wp = await startWordPress()
    await wp.addMuPlugin({
      name: 'hangs',
      php: "<?php add_action('rest_api_init', function () { touch(IGNY8_SITE_FOLDER . '/hangs'); while (true) sleep(1); });",
    })
    const hanging = fetch(`${wp.url}/wp-json/`).catch((error: Error) => error)
    await until(() => existsSync(join(wp.dir, 'hangs')), { what: 'the request that hangs' })
    await wp.stop()
    await gone(wp.pid)
    expect(await hanging).toBeInstanceOf(Error)
  })

  it('keep a folder they were given, and its site', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'igny8-kept-'))
    const first = await startWordPress({ dir })
    await first.setOption('blogname', 'Kept')
    await first.stop()
    const second = await startWordPress({ dir })
    expect(
      second.query("select option_value from wp_options where option_name='blogname'"),
    ).toEqual([{ option_value: 'Kept' }])
    expect((await me(second, first.user, first.appPassword)).status).toBe(200)
    await second.stop()
    rmSync(dir, { recursive: true })
  })

  it('end with the process that started them, even when it is killed', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'igny8-killed-'))
    const script = `
      import { startWordPress } from ${JSON.stringify(join(import.meta.dirname, 'wordpress.ts'))}
      const wp = await startWordPress({ dir: ${JSON.stringify(dir)} })
      console.log(wp.pid)
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(createInterface(child.stdout), 'line')
    const group = Number(line)
    expect(processesOf(group).length).toBeGreaterThan(1)
    child.kill('SIGKILL')
    await gone(group)
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 })
  })
})

describe.each([
  { version: '6.1', database: 'mariadb', server: 'MariaDB' } as const,
  { version: '6.5', database: 'sqlite', server: 'SQLite' } as const,
  { version: '6.5', database: 'mariadb', server: 'MariaDB' } as const,
])('a WordPress $version over $database', ({ version, database, server }) => {
  it('is that, and its database is there again after a stop', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'igny8-kept-'))
    const first = await startWordPress({ version, database, dir })
    await first.setOption('igny8_kept', 'Ünïcode 🫖')
    await first.stop()
    const wp = await startWordPress({ version, database, dir })
    const rows = wp.query('select option_value from wp_options where option_name = ?', 'igny8_kept')
    expect(rows).toEqual([{ option_value: 'Ünïcode 🫖' }])
    const php = 'global $wpdb; echo get_bloginfo("version"), " ", get_class($wpdb);'
    const [itsVersion, itsClass] = (await wp.php(php)).split(' ')
    expect(itsVersion).toContain(version === '6.5' ? '6.5.5' : '6.1')
    expect(itsClass).toBe(server === 'MariaDB' ? 'wpdb' : 'WP_SQLite_DB')
    await wp.stop()
    rmSync(dir, { recursive: true })
  })
})
