import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { diskMedia } from '../../server/media/disk.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'igny8-media-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Names of all files below the folder. */
async function filesIn(below: string): Promise<string[]> {
  const entries = await readdir(below, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(below, path.join(entry.parentPath, entry.name)))
}

describe('a kept file', () => {
  it('is returned unchanged under the hash of its content', async () => {
    const bytes = bytesOf('a picture')
    const hash = sha256(bytes)
    const kept = await diskMedia(path.join(folder, 'not', 'there', 'yet')).put(bytes, 'webp')
    expect(kept).toEqual({ path: `${hash.slice(0, 2)}/${hash}.webp`, hash })
    const read = await diskMedia(path.join(folder, 'not', 'there', 'yet')).get(kept.path)
    expect(read).toEqual(bytes)
  })

  it('is stored once, also for concurrent writes of the same content', async () => {
    const media = diskMedia(folder)
    const once = await media.put(bytesOf('the same'), 'webp')
    const again = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        media.put(bytesOf(i % 2 === 0 ? 'the same' : 'another'), 'webp'),
      ),
    )
    expect(again[0]).toEqual(once)
    expect(await filesIn(folder)).toHaveLength(2)
  })

  it('is not written again if it exists', async () => {
    const media = diskMedia(folder)
    const { path: name } = await media.put(bytesOf('the same'), 'webp')
    await writeFile(path.join(folder, name), 'marked')
    await media.put(bytesOf('the same'), 'webp')
    expect(await readFile(path.join(folder, name), 'utf8')).toBe('marked')
  })

  it('leaves nothing behind when it cannot be written', async () => {
    const bytes = bytesOf('no room')
    await writeFile(path.join(folder, sha256(bytes).slice(0, 2)), 'in the way')
    await expect(diskMedia(folder).put(bytes, 'webp')).rejects.toThrow()
    expect(await filesIn(folder)).toHaveLength(1)
  })
})

describe('a path that put did not return', () => {
  it('refuses a path that was not returned by put, wherever it points', async () => {
    const inside = path.join(folder, 'media')
    await mkdir(inside)
    await writeFile(path.join(folder, 'secret.webp'), 'secret')
    const media = diskMedia(inside)
    const { path: name, hash } = await media.put(bytesOf('x'), 'webp')
    await writeFile(path.join(inside, `${name}.part`), 'half')
    const [shard] = name.split('/')
    const hostile = [
      '../secret.webp',
      `${shard}/../../secret.webp`,
      `${shard}/..%2f..%2fsecret.webp`,
      path.join(folder, 'secret.webp'),
      `${shard}\\..\\..\\secret.webp`,
      `${name}\0.webp`,
      `${name}\n`,
      `${name}.part`,
      `./${name}`,
      `/${name}`,
      name.toUpperCase(),
      `00/${hash}.webp`,
      `${shard}/${hash}`,
      shard!,
      '',
      '.',
      '..',
    ]
    for (const each of hostile) expect(await media.get(each), each).toBeUndefined()
    expect(await media.get(name)).toEqual(bytesOf('x'))
  })

  it('returns undefined for an unknown hash', async () => {
    const hash = sha256(bytesOf('never kept'))
    expect(await diskMedia(folder).get(`${hash.slice(0, 2)}/${hash}.webp`)).toBeUndefined()
  })

  it('is never created: an extension has only letters and digits', async () => {
    for (const extension of ['../x', 'a/b', '', 'WEBP', 'toolong', 'p\0g', 'webp\n']) {
      await expect(diskMedia(folder).put(bytesOf('x'), extension)).rejects.toThrow('extension')
    }
    expect(await filesIn(folder)).toEqual([])
  })
})

describe('kill -9 while files are being kept', () => {
  it('loses no stored file and shows no partial one', async () => {
    let [whole, said] = [0, 0]
    for (const after of [1, 2, 5, 9, 14, 20]) {
      const kept = await keepUntilKilled(after)
      said += kept.length
      const media = diskMedia(folder)
      for (const name of kept) expect(await media.get(name), name).toBeDefined()
      for (const name of await filesIn(folder)) {
        const bytes = await media.get(name)
        if (!bytes) continue
        expect(path.basename(name, '.webp')).toBe(sha256(bytes))
        whole++
      }
    }
    expect(said).toBeGreaterThanOrEqual(51)
    expect(whole).toBeGreaterThanOrEqual(said)
  })
})

/** The names that a process said it had kept, killed when it had said so many. */
async function keepUntilKilled(after: number): Promise<string[]> {
  const script = path.join(import.meta.dirname, 'put-forever.ts')
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  const names: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    names.push(line)
    if (names.length === after) child.kill('SIGKILL')
  }
  return names
}
