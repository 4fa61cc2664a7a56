import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { newKey, sign, verify } from '../../wp-bridge/client/http/sign.ts'

interface Vector {
  name: string
  keys: string[]
  id: string
  timestamp: string
  /** Seconds since 1970. */
  now: number
  body: string
  signature: string
  valid: boolean
  /** Whether signing with the first key gives this very signature. */
  signed?: boolean
}

const vectors: Vector[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'signature-vectors.json'), 'utf8'),
)
const webhook = join(
  import.meta.dirname,
  '../../wp-bridge/plugin/igny8-bridge/includes/Signature/Webhook.php',
)

/** Runs PHP with the plugin's class and `input`, and answers what it made of it. */
async function php(code: string, input: unknown): Promise<unknown> {
  const script = `require $argv[1]; use Igny8\\Bridge\\Signature\\Webhook;
    $in = json_decode($argv[2], true); echo json_encode(${code});`
  const { stdout } = await promisify(execFile)('php', [
    '-r',
    script,
    webhook,
    JSON.stringify(input),
  ])
  return JSON.parse(stdout)
}

describe('a webhook', () => {
  it.each(vectors)('agrees with the shared vectors: $name', async (vector) => {
    const { keys, id, timestamp, now, body, signature, valid, signed } = vector
    const values: Record<string, string> = {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    }
    const headers = { get: (name: string) => values[name] ?? null }
    expect(await verify(keys, headers, body, now * 1000)).toBe(valid)
    if (signed) expect(await sign(keys[0]!, id, body, Number(timestamp) * 1000)).toEqual(values)
  })

  it('that is signed here verifies in PHP', async () => {
    const key = newKey()
    const body = JSON.stringify({ title: 'Tee für zwei – 茶 🍵' })
    const headers = await sign(key, 'msg_1', body)
    const code = `Webhook::verify([$in['key']], $in['webhook-id'], $in['webhook-timestamp'],
      $in['webhook-signature'], $in['body'])`
    expect(await php(code, { key, body, ...headers })).toBe(true)
    expect(await php(code, { key, body: `${body} `, ...headers })).toBe(false)
  })

  it('that is signed in PHP verifies here', async () => {
    const key = newKey()
    const body = JSON.stringify({ title: 'Tee für zwei – 茶 🍵' })
    const timestamp = Math.floor(Date.now() / 1000)
    const signature = await php(
      `Webhook::sign($in['key'], 'msg_2', $in['timestamp'], $in['body'])`,
      {
        key,
        body,
        timestamp,
      },
    )
    const headers = new Headers({
      'webhook-id': 'msg_2',
      'webhook-timestamp': `${timestamp}`,
      'webhook-signature': `${signature}`,
    })
    expect(await verify([newKey(), key], headers, body)).toBe(true)
    expect(await verify([key], headers, `${body} `)).toBe(false)
  })

  it('without headers is not verified', async () => {
    expect(await verify([newKey()], new Headers(), '{}')).toBe(false)
  })

  it('is signed with nothing that is no key', async () => {
    await expect(sign('secret', 'msg_3', '{}')).rejects.toThrow(TypeError)
  })
})
