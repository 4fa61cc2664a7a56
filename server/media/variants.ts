import { createHash } from 'node:crypto'
import sharp, { type Metadata, type ResizeOptions, type Sharp } from 'sharp'
import type { ImageType } from '../../db/schema/writer.ts'
import { isCentred } from './focus.ts'
import { MediaError } from './media-error.ts'

/** The most bytes of an original, checked before it is decoded. */
const MAX_BYTES = 20 * 1024 * 1024
/** 40 megapixels: decoded, 160 MB. */
const MAX_PIXELS = 40_000_000
/** The greatest height of a variant. WebP itself allows 16,383. */
const MAX_HEIGHT = 8192
const QUALITY = 82
/** The formats that are decoded; the header must match the content. */
const FORMATS = ['png', 'jpeg', 'webp']
/** Seconds for one variant; the largest picture allowed takes about one. */
const TIME_LIMIT = 60

export type Variant = {
  variant: ImageType
  /** WebP. */
  bytes: Buffer
  /** Pixels. */
  width: number
  height: number
  /** SHA-256 of `bytes`, hexadecimal. */
  hash: string
}

type Size = { variant: ImageType; width: number; height?: number }

/** The article's image is cropped to three shapes; images in the text keep theirs. */
const SIZES: Record<'article' | 'in_article', Size[]> = {
  article: [
    { variant: 'featured', width: 1200, height: 675 },
    { variant: 'desktop', width: 1536 },
    { variant: 'mobile', width: 800, height: 1000 },
  ],
  in_article: [{ variant: 'in_article', width: 1024 }],
}

/**
 * Makes the variants of an original (PNG, JPEG or WebP), as WebP without metadata. Nothing is enlarged: a
 * smaller original gives a smaller variant of the same shape.
 * Throws `MediaError` for another format or an image that is too large to decode.
 */
export async function makeVariants(
  original: Uint8Array,
  use: 'article' | 'in_article',
): Promise<Variant[]> {
  checkBytes(original)
  const metadata = await readHeader(original)
  const made: Variant[] = []
  for (const size of SIZES[use]) made.push(await decoding(() => make(original, metadata, size)))
  return made
}

function checkBytes(original: Uint8Array): void {
  if (original.length > MAX_BYTES) {
    throw new MediaError(
      'image_too_large',
      `The image is larger than ${MAX_BYTES} bytes. Use a smaller one.`,
    )
  }
  if (!isKnownFormat(Buffer.from(original.subarray(0, 12)))) {
    throw unknownFormat()
  }
}

function unknownFormat(): MediaError {
  return new MediaError(
    'image_format_unknown',
    'The image is not a PNG, JPEG or WebP. Use one of these formats.',
  )
}

/** Checks the first bytes, so that no other decoder is ever used. */
function isKnownFormat(head: Buffer): boolean {
  const png = head.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))
  const jpeg = head.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))
  const webp = head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'WEBP'
  return png || jpeg || webp
}

/** Reads the header without decoding, so that a decompression bomb is refused by its declared size. */
async function readHeader(original: Uint8Array): Promise<Metadata> {
  const metadata = await decoding(() => sharp(original, { limitInputPixels: false }).metadata())
  const { format, width, height } = metadata
  if (!FORMATS.includes(format)) throw unknownFormat()
  if (width * height > MAX_PIXELS) {
    const size = `${width}×${height} pixels`
    throw new MediaError(
      'image_too_large',
      `The image has ${size}, more than the limit of ${MAX_PIXELS}. Use a smaller one.`,
    )
  }
  return metadata
}

/** The first frame, turned upright. */
function open(original: Uint8Array): Sharp {
  return sharp(original, { limitInputPixels: MAX_PIXELS, failOn: 'error', pages: 1 })
    .autoOrient()
    .timeout({ seconds: TIME_LIMIT })
}

async function make(original: Uint8Array, metadata: Metadata, size: Size): Promise<Variant> {
  const { data, info } = await open(original)
    .resize(fitting(metadata, size))
    .toColourspace('srgb')
    .webp({ quality: QUALITY })
    .toBuffer({ resolveWithObject: true })
  const hash = createHash('sha256').update(data).digest('hex')
  return { variant: size.variant, bytes: data, width: info.width, height: info.height, hash }
}

/** The largest size of the wanted shape that the original can fill. */
function fitting(metadata: Metadata, { width, height }: Size): ResizeOptions {
  const own = metadata.autoOrient
  if (height === undefined) {
    return { width, height: MAX_HEIGHT, fit: 'inside', withoutEnlargement: true }
  }
  const scale = Math.min(1, own.width / width, own.height / height)
  return {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
    fit: 'cover',
    position: isCentred(metadata) ? 'centre' : sharp.strategy.attention,
  }
}

async function decoding<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new MediaError(
      'image_unreadable',
      'The image is damaged or takes too long to decode. Use another one.',
      {
        cause: error,
      },
    )
  }
}
