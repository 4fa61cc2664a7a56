import { createHash } from 'node:crypto'
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { makeVariants, type Variant } from '../../server/media/variants.ts'
import { BLUE, distance, pixelAt, plain, pngBomb, RED, twoHalves } from './pictures.ts'

const sizes = (variants: Variant[]) =>
  Object.fromEntries(variants.map(({ variant, width, height }) => [variant, [width, height]]))

const png = (width: number, height: number) => plain(width, height).png().toBuffer()

describe('the variants', () => {
  it('have the sizes of the contract for the article’s image, in every format', async () => {
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const original = await plain(1792, 1024).toFormat(format).toBuffer()
      expect((await sharp(original).metadata()).format).toBe(format)
      const variants = await makeVariants(original, 'article')
      expect(sizes(variants)).toEqual({
        featured: [1200, 675],
        desktop: [1536, 878],
        mobile: [800, 1000],
      })
    }
  })

  it('are a single one of 1024 pixels width for an image in the text', async () => {
    const variants = await makeVariants(await png(1536, 1024), 'in_article')
    expect(sizes(variants)).toEqual({ in_article: [1024, 683] })
  })

  it('are WebP with the given size and hash, without the original’s metadata', async () => {
    const original = await plain(1600, 1200)
      .withExif({ IFD0: { Copyright: 'someone' }, IFD3: { GPSLatitude: '51/1 30/1 0/1' } })
      .withIccProfile('p3')
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>')
      .jpeg()
      .toBuffer()
    expect(await sharp(original).metadata()).toMatchObject({ exif: {}, icc: {}, xmp: {} })
    for (const { bytes, width, height, hash } of await makeVariants(original, 'article')) {
      const read = await sharp(bytes).metadata()
      expect(read).toMatchObject({ format: 'webp', width, height, space: 'srgb' })
      expect([read.exif, read.icc, read.xmp, read.iptc]).toEqual(Array(4).fill(undefined))
      expect(hash).toBe(createHash('sha256').update(bytes).digest('hex'))
    }
  })

  it('enlarge nothing, and keep the wanted shape of a small original', async () => {
    const variants = await makeVariants(await png(640, 480), 'article')
    expect(sizes(variants)).toEqual({
      featured: [640, 360],
      desktop: [640, 480],
      mobile: [384, 480],
    })
    expect(sizes(await makeVariants(await png(300, 900), 'in_article'))).toEqual({
      in_article: [300, 900],
    })
  })

  it('are never larger than an original of any shape', async () => {
    const side = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 2000 }))
    await fc.assert(
      fc.asyncProperty(side, side, async (width, height) => {
        const original = await png(width, height)
        const made = [
          ...(await makeVariants(original, 'article')),
          ...(await makeVariants(original, 'in_article')),
        ]
        expect(made).toHaveLength(4)
        for (const variant of made) {
          expect(variant.width).toBeLessThanOrEqual(width)
          expect(variant.height).toBeLessThanOrEqual(height)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('are made smaller for a strip that exceeds the format’s height', async () => {
    const [made] = await makeVariants(await png(100, 20_000), 'in_article')
    expect([made!.width, made!.height]).toEqual([41, 8192])
  })
})

describe('the picture in a variant', () => {
  it('is rotated upright', async () => {
    const original = await twoHalves(400, 200).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const [made] = await makeVariants(original, 'in_article')
    expect([made!.width, made!.height]).toEqual([200, 400])
    expect(distance(await pixelAt(made!.bytes, 100, 50), RED)).toBeLessThan(20)
    expect(distance(await pixelAt(made!.bytes, 100, 350), BLUE)).toBeLessThan(20)
    const featured = (await makeVariants(original, 'article')).at(0)!
    expect([featured.width, featured.height]).toEqual([200, 113])
  })

  it('has the colours of its profile', async () => {
    const wide = plain(64, 64).withIccProfile('p3').png()
    expect(distance(await pixelAt(await wide.toBuffer(), 9, 9), RED)).toBeGreaterThan(10)
    const print = plain(64, 64).toColourspace('cmyk').withIccProfile('cmyk').jpeg()
    for (const original of [wide, print]) {
      const [made] = await makeVariants(await original.toBuffer(), 'in_article')
      expect(distance(await pixelAt(made!.bytes, 32, 32), RED)).toBeLessThan(16)
    }
  })

  it('is the first frame of an animation', async () => {
    const frames = [await png(80, 60), await plain(80, 60, BLUE).png().toBuffer()]
    const animation = await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer()
    expect((await sharp(animation).metadata()).pages).toBe(2)
    const [made] = await makeVariants(animation, 'in_article')
    expect([made!.width, made!.height]).toEqual([80, 60])
    expect(distance(await pixelAt(made!.bytes, 40, 30), RED)).toBeLessThan(20)
  })

  it('is cropped around the subject', async () => {
    const eye = await twoHalves(120, 120).png().toBuffer()
    for (const [left, side] of [
      [150, 'left'],
      [1530, 'right'],
    ] as const) {
      const original = await plain(1800, 1000, { r: 120, g: 122, b: 120 })
        .composite([{ input: eye, left, top: 440 }])
        .png()
        .toBuffer()
      const mobile = (await makeVariants(original, 'article')).find(
        ({ variant }) => variant === 'mobile',
      )!
      const { data, info } = await sharp(mobile.bytes).raw().toBuffer({ resolveWithObject: true })
      const reds = Array.from({ length: info.width * info.height }, (_, i) => i * info.channels)
      const red = reds.filter((at) => data[at]! > 170 && data[at + 1]! < 80).length
      expect(red, side).toBeGreaterThan(60 * 120 * 0.9)
    }
  })
})

describe('an original is refused', () => {
  const code = (original: Uint8Array) =>
    makeVariants(original, 'article').then(
      () => 'made',
      (error) => `${error.name} ${error.code}`,
    )

  it('when it is not a PNG, JPEG or WebP, whatever it pretends to be', async () => {
    const gif = await plain(8, 8).gif().toBuffer()
    const tiff = await plain(8, 8).tiff().toBuffer()
    const avif = await plain(8, 8).heif({ compression: 'av1' }).toBuffer()
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9"/></svg>'
    const texts = [
      svg,
      `<?xml version="1.0"?>\n${svg}`,
      '%PDF-1.7\n',
      'GIF89a',
      '',
      '<html>',
      'RIFF',
    ]
    for (const original of [gif, tiff, avif, ...texts.map((text) => Buffer.from(text))]) {
      expect(await code(original)).toBe('MediaError image_format_unknown')
    }
  })

  it('when it has too many bytes', async () => {
    const small = await png(8, 8)
    const padded = (length: number) => Buffer.concat([small, Buffer.alloc(length - small.length)])
    expect(await code(padded(20 * 1024 * 1024))).toBe('made')
    expect(await code(padded(20 * 1024 * 1024 + 1))).toBe('MediaError image_too_large')
  })

  it('when it would unpack to too many pixels, without unpacking it', async () => {
    const bomb = pngBomb(30_000, 30_000)
    expect(bomb.length).toBeLessThan(1_000_000)
    const before = process.memoryUsage().rss
    await expect(makeVariants(bomb, 'article')).rejects.toMatchObject({
      code: 'image_too_large',
      message:
        'The image has 30000×30000 pixels, more than the limit of 40000000. Use a smaller one.',
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000)
    expect(await code(pngBomb(6000, 6000))).toBe('made')
  })

  it('when it is damaged', async () => {
    const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 }
    const create = { width: 300, height: 200, channels: 3 as const, background: 'black', noise }
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const bytes = await sharp({ create }).toFormat(format).toBuffer()
      expect(await code(bytes)).toBe('made')
      expect(await code(bytes.subarray(0, bytes.length / 2))).toBe('MediaError image_unreadable')
      expect(await code(bytes.subarray(0, 16))).toBe('MediaError image_unreadable')
    }
  })

  it('or used, without any other outcome, when any of its bytes are wrong', async () => {
    const whole = await twoHalves(60, 40).png().toBuffer()
    const outcomes = ['made', 'MediaError image_unreadable', 'MediaError image_format_unknown']
    const change = fc.record({ at: fc.nat({ max: whole.length - 1 }), to: fc.nat({ max: 255 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const bytes = Buffer.from(whole)
        for (const { at, to } of changes) bytes[at] = to
        expect([...outcomes, 'MediaError image_too_large']).toContain(await code(bytes))
      }),
      { numRuns: 100 },
    )
  })
})
