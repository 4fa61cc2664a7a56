import { afterAll, beforeAll, expect, it } from 'vitest'
import { s3Media } from '../../server/media/s3.ts'
import { startS3Server } from '../helpers/s3-server.ts'

const bytes = new TextEncoder().encode('what an image holds')
let s3: Awaited<ReturnType<typeof startS3Server>>

beforeAll(async () => {
  s3 = await startS3Server()
})
afterAll(() => s3.stop())

it('stores a file by its content and returns it', async () => {
  const media = s3Media(s3.bucket)
  const kept = await media.put(bytes, 'webp')
  expect(kept.path).toBe(`${kept.hash.slice(0, 2)}/${kept.hash}.webp`)
  expect(await media.put(bytes, 'webp')).toEqual(kept)
  expect([...s3.objects.keys()]).toEqual([`/media/${kept.path}`])
  expect(await media.get(kept.path)).toEqual(bytes)
})

it('returns nothing for another path, without a request for an invalid one', async () => {
  const media = s3Media(s3.bucket)
  expect(await media.get(`ab/ab${'0'.repeat(62)}.webp`)).toBeUndefined()
  expect(await media.get('../another-bucket/secret')).toBeUndefined()
  await expect(media.put(bytes, '../webp')).rejects.toThrow('not an extension')
})

it('removes files that were not stored within the last hour', async () => {
  const media = s3Media(s3.bucket)
  const { path } = await media.put(bytes, 'webp')
  await media.remove(path)
  expect(await media.get(path)).toBeDefined()
  s3.objects.get(`/media/${path}`)!.at = new Date(Date.now() - 2 * 3_600_000)
  await media.remove(path)
  expect(await media.get(path)).toBeUndefined()
  await media.remove(path)
})

it('retries temporary failures of the store', async () => {
  s3.fail(2)
  const media = s3Media(s3.bucket)
  expect(await media.get((await media.put(bytes, 'webp')).path)).toEqual(bytes)
})

it('reports a refusal of the store without the key', async () => {
  const media = s3Media({ ...s3.bucket, secretAccessKey: 'a wrong one' })
  const error: unknown = await media.put(bytes, 'webp').catch((thrown: unknown) => thrown)
  expect(String(error)).toMatch(/the media bucket answered 403 to PUT/)
  expect(String(error)).not.toContain('a wrong one')
})
