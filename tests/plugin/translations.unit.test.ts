import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isTranslated, LANGUAGES, readPo, renewed, template, toMo } from './translations.ts'

const read = (name: string) => readFileSync(join(LANGUAGES, name))
const AGAIN = 'run: node tests/plugin/translations.ts'
const placeholders = (text: string) => (text.match(/%(?:\d\$)?[sd]/g) ?? []).sort()

it('has every text of the plugin in its template', async () => {
  expect(read('igny8-bridge.pot').toString(), AGAIN).toBe(await template())
})

describe.each(readdirSync(LANGUAGES).filter((name) => name.endsWith('.po')))('%s', (name) => {
  const po = read(name).toString()
  const texts = readPo(po)

  it('is up to date, as is what WordPress reads of it', async () => {
    expect(po, AGAIN).toBe(await renewed(po))
    expect(read(name.replace(/\.po$/, '.mo')).equals(toMo(texts)), AGAIN).toBe(true)
  })

  it('translates nearly all, with the placeholders of each text', () => {
    const done = [...texts].filter(([, translation]) => isTranslated(translation))
    expect(done.length / texts.size).toBeGreaterThan(0.9)
    for (const [key, translation] of done.filter(([text]) => text !== '')) {
      const forms = key.split('\0')
      translation.split('\0').forEach((form, at) => {
        expect(placeholders(form), key).toEqual(placeholders(forms[at]!))
      })
    }
  })
})
