import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

export type Rgb = { r: number; g: number; b: number }
export type Rectangle = { left: number; top: number; right: number; bottom: number }

export const RED: Rgb = { r: 200, g: 40, b: 40 }
export const BLUE: Rgb = { r: 40, g: 40, b: 200 }

export function plain(width: number, height: number, background: Rgb = RED) {
  return sharp({ create: { width, height, channels: 3, background } })
}

/** Red on its left half, blue on its right. */
export function twoHalves(width: number, height: number) {
  const right = { create: { width: width / 2, height, channels: 3 as const, background: BLUE } }
  return plain(width, height).composite([{ input: right, left: width / 2, top: 0 }])
}

/** As stored, whatever the colour profile says of it. */
export async function pixelAt(image: Uint8Array, left: number, top: number): Promise<Rgb> {
  const { data } = await sharp(image, { ignoreIcc: true })
    .removeAlpha()
    .extract({ left, top, width: 1, height: 1 })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { r: data[0]!, g: data[1]!, b: data[2]! }
}

/** The largest difference of two colours in any channel. */
export function distance(a: Rgb, b: Rgb): number {
  return Math.max(Math.abs(a.r - b.r), Math.abs(a.g - b.g), Math.abs(a.b - b.b))
}

/** The smallest rectangle that holds every pixel in which two pictures clearly differ. */
export async function whereDifferent(a: Uint8Array, b: Uint8Array): Promise<Rectangle | null> {
  const [one, other] = await Promise.all(
    [a, b].map((image) => sharp(image).greyscale().raw().toBuffer({ resolveWithObject: true })),
  )
  const { width, height, channels } = one!.info
  if (other!.data.length !== one!.data.length) throw new Error('pictures of two sizes')
  const found = { left: width, top: height, right: -1, bottom: -1 }
  for (let i = 0; i < width * height; i++) {
    if (Math.abs(one!.data[i * channels]! - other!.data[i * channels]!) < 40) continue
    const [x, y] = [i % width, Math.floor(i / width)]
    found.left = Math.min(found.left, x)
    found.right = Math.max(found.right, x)
    found.top = Math.min(found.top, y)
    found.bottom = Math.max(found.bottom, y)
  }
  return found.right < 0 ? null : found
}

/** A whole PNG of black pixels, one bit each: 1,000 times smaller than what it unpacks to. */
export function pngBomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height), { level: 9 })
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
