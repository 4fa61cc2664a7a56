import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { Readable } from 'node:stream'
import { describe, expect, inject, it } from 'vitest'
import { KEPT_FILES } from '../../jobs/scheduled/retention.ts'
import { register, signIn } from '../helpers/client.ts'
import { cloneTemplate } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'
import { folder, start } from './started-service.ts'

const KEYS = 'a key that only the tests of this project ever use'

describe('a bad setting ends the start with one line that names it', () => {
  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['PUBLIC_URL', 'example.com'],
    ['DATABASE_URL', 'mysql://localhost/igny8'],
    ['IGNY8_ROLE', 'boss'],
    ['IGNY8_SECRET_KEYS', 'short'],
    ['IGNY8_REGISTRATION', 'maybe'],
    ['IGNY8_ALLOW_PRIVATE_SITES', '127.0.0.1'],
  ])('%s=%s', async (name, value) => {
    const { child, output, ready } = start({ [name]: value })
    await expect(ready).rejects.toThrow()
    expect(child.exitCode).toBe(1)
    expect(output.err.trim().split('\n')).toEqual([expect.stringContaining(name)])
    if (name === 'IGNY8_SECRET_KEYS') expect(output.err).not.toContain(value)
  })

  it('IGNY8_SECRET_KEYS missing beside DATABASE_URL', async () => {
    const { output, ready } = start({ DATABASE_URL: 'postgres://localhost/x' })
    await expect(ready).rejects.toThrow()
    expect(output.err).toContain('IGNY8_SECRET_KEYS')
  })
})

describe('the service', () => {
  it('needs no settings, keeps its data and keys, and ends with 0 at SIGTERM', async () => {
    const dir = folder()
    const first = start({ IGNY8_DATA_DIR: dir })
    const owner = await register(await first.ready, 'Kept')
    first.child.kill('SIGTERM')
    expect(await once(first.child, 'exit')).toEqual([0, null])
    const second = start({ IGNY8_DATA_DIR: dir })
    const url = await second.ready
    expect((await signIn(url, owner.email)).userId).toBe(owner.userId)
    const me = await fetch(`${url}/api/v1/auth/me/`, {
      headers: { authorization: `Bearer ${owner.token}` },
    })
    expect(me.status).toBe(200)
    const message = 'Say in jobs/scheduled/retention.ts how long a new file or folder is kept.'
    const unknown = readdirSync(dir).filter((name) => !(name in KEPT_FILES))
    expect(unknown, message).toEqual([])
  })

  it('starts twice at once over one new data folder', async () => {
    const dir = folder()
    const both = [start({ IGNY8_DATA_DIR: dir }), start({ IGNY8_DATA_DIR: dir })]
    const [one, other] = await Promise.all(both.map(({ ready }) => ready))
    const owner = await register(one!, 'Shared')
    expect((await signIn(other!, owner.email)).accountId).toBe(owner.accountId)
    both[0]!.child.kill('SIGTERM')
    await once(both[0]!.child, 'exit')
    expect((await signIn(other!, owner.email)).accountId).toBe(owner.accountId)
  })

  it('lets a running request finish at SIGTERM', async () => {
    const { child, ready } = start({
      DATABASE_URL: await cloneTemplate(inject('postgresUrl')),
      IGNY8_SECRET_KEYS: KEYS,
    })
    const url = await ready
    const owner = await register(url, 'Drained')
    const site = await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })
    const sector = await owner.post<{ id: number }>('auth/sectors/', {
      site_id: site.body.id,
      name: 'x',
    })
    const gate = Promise.withResolvers<void>()
    const boundary = 'limit'
    const part = (name: string, value: string) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${name === 'file' ? '; filename="k.csv"' : ''}\r\n\r\n${value}`
    async function* body() {
      yield Buffer.from(
        `${part('site_id', `${site.body.id}\r\n`)}${part('sector_id', `${sector.body.id}\r\n`)}${part('file', 'keyword\nbefore\n')}`,
      )
      await gate.promise
      yield Buffer.from(`after\n\r\n--${boundary}--\r\n`)
    }
    const upload = fetch(`${url}/api/v1/planner/keywords/import_csv/`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${owner.token}`,
        'content-type': `multipart/form-data; boundary=${boundary}`,
      },
      body: Readable.toWeb(Readable.from(body())),
      duplex: 'half',
    } as RequestInit)
    await owner.get('auth/me/')
    child.kill('SIGTERM')
    await refusesConnections(url)
    gate.resolve()
    const answer = await upload
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ imported: 2 })
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('runs as a separate API and worker with one database', async () => {
    const environment = {
      DATABASE_URL: await cloneTemplate(inject('postgresUrl')),
      IGNY8_SECRET_KEYS: KEYS,
      IGNY8_DATA_DIR: folder(),
    }
    const api = start({ ...environment, IGNY8_ROLE: 'api' })
    const owner = await register(await api.ready, 'Apart')
    const site = await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })
    const place = { site_id: site.body.id }
    const sector = await owner.post<{ id: number }>('auth/sectors/', { ...place, name: 'x' })
    await owner.post('planner/keywords/', { ...place, sector_id: sector.body.id, keyword: 'tea' })
    const run = await owner.post<{ task_id: number }>('planner/keywords/auto_cluster/', {
      ...place,
      sector_id: sector.body.id,
    })
    const worker = start({ ...environment, IGNY8_ROLE: 'worker' })
    await worker.ready
    expect((await owner.follow(run.body.task_id)).state).toBe('SUCCESS')
  })
})

function refusesConnections(url: string): Promise<boolean> {
  const isRefused = () =>
    fetch(`${url}/healthz`, { headers: { connection: 'close' } }).then(
      (response) => response.arrayBuffer().then(() => false),
      () => true,
    )
  return until(isRefused, { what: 'the refusal of connections' })
}
