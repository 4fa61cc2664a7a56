import { AwsClient } from 'aws4fetch'
import { isKeptPath, keptFile, type MediaStore, RECENT_MS } from './media.ts'

const TIMEOUT_MS = 60_000
/** The most keys of a listing: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
const MAX_KEYS = 1_000

/** A bucket of an S3-compatible store, such as `https://s3.eu-central-1.amazonaws.com/my-bucket`. */
export type Bucket = { url: string; accessKeyId: string; secretAccessKey: string; region: string }

/** Stores files in `bucket`, for services on more than one machine. Throws for unexpected responses. */
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
    async list(folder, after, limit) {
      const query = new URLSearchParams({ 'list-type': '2', prefix: `${folder}/` })
      query.set('max-keys', String(Math.min(limit, MAX_KEYS)))
      if (after) query.set('start-after', after)
      const answer = await (await send('GET', `?${query}`, [200])).text()
      return answer.split('<Contents>').flatMap((object) => {
        const path = /<Key>([^<]*)<\/Key>/.exec(object)?.[1] ?? ''
        const at = Date.parse(/<LastModified>([^<]*)</.exec(object)?.[1] ?? '')
        return isKeptPath(path) && !Number.isNaN(at) ? [{ path, at }] : []
      })
    },
    async remove(name) {
      if (!isKeptPath(name)) return
      const { status, headers } = await send('HEAD', name, [200, 404])
      const at = Date.parse(headers.get('last-modified') ?? '')
      if (status === 200 && Date.now() - at > RECENT_MS) await send('DELETE', name, [200, 204, 404])
    },
  }
}
