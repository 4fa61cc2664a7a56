import { AwsClient } from 'aws4fetch'
import { isKeptPath, keptFile, type MediaStore, RECENT_MS } from './media.ts'

const TIMEOUT_MS = 60_000

/** A bucket of an S3-compatible store, such as `https://s3.eu-central-1.amazonaws.com/my-bucket`. */
export type Bucket = { url: string; accessKeyId: string; secretAccessKey: string; region: string }

/** Objects of `bucket`, for what runs on more than one machine. Throws for any answer but the expected. */
export function s3Media({ url, ...credentials }: Bucket): MediaStore {
  const client = new AwsClient({ ...credentials, service: 's3', retries: 3 })
  const send = async (method: string, name: string, expected: number[], body?: BodyInit) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await client.fetch(`${url}/${name}`, { method, body, signal })
    if (expected.includes(response.status)) return response
    await response.body?.cancel()
    throw new Error(`the media bucket answered ${response.status} to ${method} ${name}`)
  }
  return {
    async put(bytes, extension) {
      const kept = await keptFile(bytes, extension)
      await send('PUT', kept.path, [200], new Uint8Array(bytes))
      return kept
    },
    async get(name) {
      if (!isKeptPath(name)) return undefined
      const response = await send('GET', name, [200, 404])
      if (response.status === 200) return new Uint8Array(await response.arrayBuffer())
      await response.body?.cancel()
      return undefined
    },
    async remove(name) {
      if (!isKeptPath(name)) return
      const { status, headers } = await send('HEAD', name, [200, 404])
      const at = Date.parse(headers.get('last-modified') ?? '')
      if (status === 200 && Date.now() - at > RECENT_MS) await send('DELETE', name, [200, 204, 404])
    },
  }
}
