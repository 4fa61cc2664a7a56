import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installBridge } from '../wordpress/bridge.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'

describe.each([
  { version: '6.1', database: 'sqlite' } as const,
  { version: '6.5', database: 'mariadb' } as const,
])('a key of WordPress $version over $database', ({ version, database }) => {
  let wp: WordPress

  beforeAll(async () => {
    wp = await startWordPress({ version, database, workers: 8 })
    await installBridge(wp.root, wp.php)
  })
  afterAll(() => wp?.stop())

  async function put(key: string, body: object): Promise<number> {
    const credentials = Buffer.from(`${wp.user}:${wp.appPassword}`).toString('base64')
    const response = await fetch(`${wp.url}/wp-json/igny8/v1/posts/${key}`, {
      method: 'PUT',
      headers: { authorization: `Basic ${credentials}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    await response.arrayBuffer()
    return response.status
  }

  it('is put a hundred times at once and there is one post', async () => {
    const key = crypto.randomUUID()
    const body = { title: `All of ${key}`, content: 'Text', status: 'publish' }
    const statuses = await Promise.all(Array.from({ length: 100 }, () => put(key, body)))
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => ![200, 201, 409].includes(status))).toEqual([])
    expect(await put(key, body)).toBe(200)
    const posts = wp.query(
      `select post_status from wp_posts where post_type = 'post' and post_title = ?`,
      body.title,
    )
    expect(posts).toEqual([{ post_status: 'publish' }])
    expect(wp.query(`select ID from wp_posts where post_status = 'auto-draft'`)).toEqual([])
  })
})
