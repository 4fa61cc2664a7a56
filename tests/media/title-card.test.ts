import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { drawTitleCard } from '../../server/ai/local/images/title-card.ts'
import { setLines } from '../../server/ai/local/images/title-card-lines.ts'
import { PALETTES } from '../../server/ai/local/images/title-card-palettes.ts'
import { setText } from '../../server/ai/local/images/title-card-text.ts'
import { makeVariants } from '../../server/media/variants.ts'
import { whereDifferent } from './pictures.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const LONG =
  'Everything That Anybody Ever Wanted to Know About Espresso at Home: Beans, Grinders, Machines, ' +
  'Water, Milk, Cups, Cleaning, Descaling, and a Few Opinions About Each of Them to Argue With'
const TITLES = [
  'How to Choose Running Shoes for Flat Feet',
  'Πώς να επιλέξετε τον κατάλληλο μύλο καφέ',
  'Как выбрать кофемашину для дома',
  LONG,
  'W'.repeat(300),
]

/** A card and the same without its text. */
async function withAndWithout(title: string, label?: string) {
  const seed = `seed of ${title}`
  const titled = await drawTitleCard(label ? { title, seed, label } : { title, seed })
  return { titled, blank: await drawTitleCard({ title: '', seed }) }
}

describe('a title card', () => {
  it('is a picture of 1536×1024, the same for the same title and seed', async () => {
    const card = { title: 'Espresso at Home', seed: '1', label: 'A guide' }
    const bytes = await drawTitleCard(card)
    const { format, width, height, hasAlpha } = await sharp(bytes).metadata()
    expect([format, width, height, hasAlpha]).toEqual(['png', 1536, 1024, false])
    expect(sha256(await drawTitleCard(card))).toBe(sha256(bytes))
    const seeds = ['1', '2', '3', '4', '5', '6']
    const others = await Promise.all(seeds.map((seed) => drawTitleCard({ ...card, seed })))
    expect(new Set(others.map(sha256)).size).toBeGreaterThan(4)
  })

  it('keeps all its text in the middle, and its crops keep the text whole', async () => {
    for (const title of TITLES) {
      const { titled, blank } = await withAndWithout(title, `A label, for ${title}`)
      const text = (await whereDifferent(titled, blank))!
      expect(text.bottom - text.top, title).toBeGreaterThan(90)
      const [with_, without] = [
        await makeVariants(titled, 'article'),
        await makeVariants(blank, 'article'),
      ]
      for (const [i, { variant, bytes, width, height }] of with_.entries()) {
        const scale = Math.max(width / 1536, height / 1024)
        const seen = (await whereDifferent(bytes, without[i]!.bytes))!
        const name = `${variant} of ${title}`
        const wanted = (text.right - text.left) * scale
        expect(Math.abs(seen.right - seen.left - wanted), name).toBeLessThan(10)
        expect(
          Math.abs(seen.bottom - seen.top - (text.bottom - text.top) * scale),
          name,
        ).toBeLessThan(10)
        expect(seen.left, name).toBeGreaterThan(12)
        expect(width - seen.right, name).toBeGreaterThan(12)
      }
    }
  })

  it('is drawn the same on a machine that has no font', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'igny8-no-font-'))
    try {
      const config = path.join(folder, 'fonts.conf')
      writeFileSync(config, '<?xml version="1.0"?><fontconfig></fontconfig>')
      const module = new URL('../../server/ai/local/images/title-card.ts', import.meta.url)
      const card = { title: 'Καφές, кофе, coffee', seed: 'x' }
      const script = `import { drawTitleCard } from ${JSON.stringify(module)}
        import { createHash } from 'node:crypto'
        const bytes = await drawTitleCard(${JSON.stringify(card)})
        console.log(createHash('sha256').update(bytes).digest('hex'))`
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '-e', script],
        { env: { ...process.env, FONTCONFIG_FILE: config, HOME: folder, XDG_CACHE_HOME: folder } },
      )
      expect(stdout.trim()).toBe(sha256(await drawTitleCard(card)))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('leaves out what its letters cannot show, rather than boxes', async () => {
    const seed = 'x'
    const plain = sha256(await drawTitleCard({ title: 'Coffee to go', seed }))
    for (const title of [
      '日本 Coffee to go',
      'Coffee 👩‍💻 to go 👍🏽',
      'Coffee\u200b קפה to\ngo',
    ]) {
      expect(sha256(await drawTitleCard({ title, seed })), title).toBe(plain)
    }
    const nothing = sha256(await drawTitleCard({ title: '', seed }))
    expect(sha256(await drawTitleCard({ title: '珈琲', seed }))).toBe(nothing)
    expect(nothing).not.toBe(plain)
  })

  it('is drawn for any text', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 80 }),
      fc.constantFrom('<script>', '&amp;', '\ud83d', '\0', 'a'.repeat(999), 'ﷺ'.repeat(60), '—'),
    )
    await fc.assert(
      fc.asyncProperty(text, text, async (title, label) => {
        const { width } = await sharp(await drawTitleCard({ title, label, seed: '' })).metadata()
        expect(width).toBe(1536)
      }),
      { numRuns: 25 },
    )
  })
})

describe('the text of a card', () => {
  const box = { width: 740, height: 440, sizes: [120, 80, 48], lineHeight: 1.2, maxLines: 6 }
  const set = async (text: string) => (await setText(text, box, 700)).lines.join(' ')

  it('may be Latin, Greek and Cyrillic with all their accents', async () => {
    for (const text of [
      'Café crème, Žluťoučký kůň, Łódź, İstanbul, ẞ',
      'Đà Nẵng: Việt',
      'Ἐν ἀρχῇ ἦν ὁ λόγος',
      'Съешь ещё булок, їжак, ђак, Ѳита',
      '“Quoted” – 50% … €5, ₽10, №7, ½, ©, ™',
    ]) {
      expect(await set(text)).toBe(text.normalize('NFC'))
    }
    expect(await set('Cafe\u0301 1\ufe0f\u20e3 non\u2011stop')).toBe('Café 1 non-stop')
  })

  it('is as large as fits, and cut with an ellipsis when it never does', async () => {
    const size = async (text: string) => (await setText(text, box, 700)).size
    expect(await size('10 Tips')).toBe(120)
    expect(await size('How to Choose Running Shoes for Flat Feet')).toBe(80)
    expect(await size(LONG)).toBe(48)
    const cut = await set(LONG)
    expect(cut).toMatch(/[a-z]…$/)
    expect(LONG.startsWith(cut.slice(0, -1))).toBe(true)
  })

  it('stays in its box and keeps its words in order', () => {
    const letter = fc.record({
      text: fc.constantFrom('i', 'n', 'W'),
      width: fc.integer({ min: 20, max: 95 }),
    })
    const word = fc.array(letter, { minLength: 1, maxLength: 40 }).map((letters) => ({
      text: letters.map(({ text }) => text).join(''),
      width: letters.reduce((sum, { width }) => sum + width, 0),
      letters,
    }))
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        const { size, lines } = setLines(words, box, { space: 26, ellipsis: 80 })
        expect(lines.length * size * box.lineHeight).toBeLessThanOrEqual(box.height)
        const all = words.map(({ text }) => text).join('')
        const shown = lines.join('').replaceAll(' ', '')
        if (shown.endsWith('…')) expect(all.startsWith(shown.slice(0, -1))).toBe(true)
        else expect(shown).toBe(all)
      }),
    )
  })

  it('has lines of even length', async () => {
    const { lines } = await setText('Cold Brew Coffee at Home', { ...box, sizes: [80] }, 700)
    expect(lines).toEqual(['Cold Brew', 'Coffee at Home'])
  })

  it('stands out from every ground', () => {
    for (const { from, to, ink, accent } of PALETTES) {
      for (const ground of [from, to]) {
        expect(contrast(ink, ground), `${ink} on ${ground}`).toBeGreaterThan(7)
        expect(contrast(accent, ground), `${accent} on ${ground}`).toBeGreaterThan(4.5)
      }
    }
  })
})

/** Of two colours as #rrggbb, by WCAG 2.2. */
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light! + 0.05) / (dark! + 0.05)
}

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}
