import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../architecture/code-files.ts'
import { addUser, type Client, signIn } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'

let service: TestService
let owner: Client
beforeAll(async () => {
  service = await startTestService({ role: 'api' })
  owner = await service.owner()
})
afterAll(() => service?.stop())

/** What `npm run staff -- …` runs. The service in this process answers meanwhile. */
async function staff(...args: string[]) {
  const child = spawn(
    process.execPath,
    [path.join(ROOT, 'server/identity/staff-command.ts'), ...args],
    {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: service.databaseUrl,
        IGNY8_SECRET_KEYS: 'a key that only the tests of this project ever use',
      },
    },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  const [status] = await once(child, 'close')
  return { status, lines: output.trim().split('\n') }
}
const metrics = async (client: Client) => (await client.get('system/metrics/')).status
const roleOf = async ({ userId }: Client) =>
  (await service.sql`select role from users where id = ${userId}`)[0]!.role

describe('npm run staff', () => {
  it('adds a user, with an audit entry, and restores their role on removal', async () => {
    expect(await metrics(owner)).toBe(403)
    for (const _again of [1, 2]) {
      expect(await staff('add', owner.email.toUpperCase())).toMatchObject({ status: 0 })
    }
    expect((await owner.get('auth/me/')).status).toBe(401)
    const appointed = await signIn(service.url, owner.email)
    expect(await metrics(appointed)).toBe(200)
    expect((await staff('remove', owner.email)).status).toBe(0)
    expect(await metrics(appointed)).toBe(401)
    expect(await roleOf(owner)).toBe('owner')
    const back = await signIn(service.url, owner.email)
    const { body } = await back.get<{ results: { action: string; object_id: number }[] }>(
      'auth/audit_log/?page_size=2',
    )
    expect(body.results.map(({ action, object_id }) => [action, object_id])).toEqual([
      ['staff.dismissed', owner.userId],
      ['staff.appointed', owner.userId],
    ])
  })

  it('makes a removed user who never owned the account an admin', async () => {
    const editor = await addUser(await signIn(service.url, owner.email), 'editor')
    expect((await staff('remove', editor.email)).status).toBe(0)
    expect(await roleOf(editor)).toBe('editor')
    await staff('add', editor.email)
    await staff('remove', editor.email)
    expect(await roleOf(editor)).toBe('admin')
  })

  it('reports an error in one line', async () => {
    const nobody = await staff('add', 'nobody@example.test')
    expect(nobody).toEqual({ status: 1, lines: [expect.stringContaining('nobody@example.test')] })
    for (const args of [[], ['add'], ['promote', owner.email]]) {
      expect(await staff(...args)).toEqual({
        status: 1,
        lines: [expect.stringContaining('add|remove')],
      })
    }
  })
})
