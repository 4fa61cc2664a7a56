import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Bucket } from '../../server/media/s3.ts'

const ACCESS_KEY_ID = 'AKIDTESTS'
const SECRET_ACCESS_KEY = 'the secret of the bucket of the tests'
const REGION = 'eu-central-1'

/**
 * Speaks what S3 speaks of objects, and refuses what AWS Signature Version 4 does not allow
 * (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
 */
export async function startS3Server() {
  const objects = new Map<string, { bytes: Buffer; at: Date }>()
  let failures = 0
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const name = request.url!
    const found = objects.get(name)
    if (failures > 0 && failures-- > 0) return response.writeHead(503).end('<Error/>')
    if (signatureOf(request, bytes) !== request.headers.authorization) {
      return response.writeHead(403).end('<Error><Code>SignatureDoesNotMatch</Code></Error>')
    }
    if (name.startsWith('/media/?')) return response.writeHead(200).end(listed(objects, name))
    if (request.method === 'PUT') objects.set(name, { bytes, at: new Date() })
    if (request.method === 'PUT') return response.writeHead(200).end()
    if (!found) return response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>')
    if (request.method === 'DELETE') objects.delete(name)
    if (request.method === 'DELETE') return response.writeHead(204).end()
    response.writeHead(200, { 'last-modified': found.at.toUTCString() })
    return response.end(request.method === 'HEAD' ? undefined : found.bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bucket: Bucket = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/media`,
    region: REGION,
    accessKeyId: ACCESS_KEY_ID,
    secretAccessKey: SECRET_ACCESS_KEY,
  }
  return {
    bucket,
    objects,
    /** Answers the next `count` requests with 503. */
    fail(count: number) {
      failures = count
    },
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** What the Authorization header has to be, given the headers that the request says it signed. */
function signatureOf({ method, url, headers }: IncomingMessage, body: Buffer): string | undefined {
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1]
  const at = String(headers['x-amz-date'])
  const payload = String(headers['x-amz-content-sha256'])
  if (payload !== 'UNSIGNED-PAYLOAD' && payload !== hash(body)) return undefined
  const signed = (names ?? '').split(';').map((name) => `${name}:${headers[name]}\n`)
  const [path, query = ''] = String(url).split('?')
  const canonical = [method, path, sorted(query), signed.join(''), names, payload].join('\n')
  const scope = [at.slice(0, 8), REGION, 's3', 'aws4_request']
  const text = ['AWS4-HMAC-SHA256', at, scope.join('/'), hash(canonical)].join('\n')
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${SECRET_ACCESS_KEY}`)
  const credential = `${ACCESS_KEY_ID}/${scope.join('/')}`
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${hmac(key, text).toString('hex')}`
}

/** The answer of ListObjectsV2. */
function listed(objects: Map<string, { at: Date }>, url: string): string {
  const query = new URL(url, 'http://s3.test').searchParams
  const keys = [...objects.keys()].map((name) => name.replace('/media/', '')).sort()
  const wanted = keys.filter(
    (key) => key.startsWith(query.get('prefix') ?? '') && key > (query.get('start-after') ?? ''),
  )
  const contents = wanted.slice(0, Number(query.get('max-keys'))).map((key) => {
    const at = objects.get(`/media/${key}`)!.at.toISOString()
    return `<Contents><Key>${key}</Key><LastModified>${at}</LastModified><Size>1</Size></Contents>`
  })
  return `<ListBucketResult><Name>media</Name>${contents.join('')}</ListBucketResult>`
}

const sorted = (query: string) => query.split('&').sort().join('&')

function hash(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
