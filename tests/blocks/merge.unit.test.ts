import { parse } from '@wordpress/block-serialization-default-parser'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinBlocks, splitBlocks } from '../../wp-bridge/client/blocks/split-blocks.ts'
import {
  type BlockConflict,
  type Merged,
  mergeBlocks,
} from '../../wp-bridge/client/merge/merge-blocks.ts'

const isClash = (part: Merged): part is BlockConflict => !Array.isArray(part)
const taken = (merged: Merged[]) => merged.flatMap((part) => (isClash(part) ? [] : part))
const clashes = (merged: Merged[]) => merged.filter(isClash)

/** Few words, so that blocks repeat. */
const word = fc.constantFrom('tea', 'cup', 'pot', 'constructor', '__proto__')
const side = fc.array(word, { maxLength: 8 })
const text = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .map((content) => content.replaceAll(/[<>&]|--/g, ''))
const block = fc.letrec<{ block: string }>((tie) => ({
  block: fc.oneof(
    text.map((inner) => `<!-- wp:paragraph -->\n<p>${inner}</p>\n<!-- /wp:paragraph -->`),
    fc.constant('<!-- wp:separator /-->'),
    fc
      .record({ inner: fc.array(tie('block'), { maxLength: 3 }), title: text })
      .map(
        ({ inner, title }) =>
          `<!-- wp:my-blocks/group ${JSON.stringify({ title, deep: { a: [1] } })} -->\n<div>${inner.join('\n\n')}</div>\n<!-- /wp:my-blocks/group -->`,
      ),
  ),
})).block

describe('mergeBlocks', () => {
  it('applies a change of one side, and the same change of both sides once', () => {
    fc.assert(
      fc.property(side, side, (base, changed) => {
        for (const merged of [
          mergeBlocks(base, changed, base),
          mergeBlocks(base, base, changed),
          mergeBlocks(base, changed, changed),
        ]) {
          expect(clashes(merged)).toEqual([])
          expect(taken(merged)).toEqual(changed)
        }
      }),
    )
  })

  it('loses no block that a person wrote, and adds none', () => {
    fc.assert(
      fc.property(side, side, side, (base, ours, theirs) => {
        const mine = theirs.map((word) => `${word}, by hand`)
        const merged = mergeBlocks(base, ours, [...theirs, ...mine])
        const shown = merged.flatMap((part) => (isClash(part) ? part.theirs : part))
        for (const one of mine) expect(shown).toContain(one)
        const all = new Set([...base, ...ours, ...theirs, ...mine])
        for (const one of taken(merged)) expect(all).toContain(one)
      }),
    )
  })

  it('applies both changes when they do not touch', () => {
    const place = fc.constantFrom('changed', 'removed', 'preceded')
    const apply = (blocks: string[], at: number, how: string, by: string) => {
      const one = blocks[at]!
      const now = { changed: [`${one} ${by}`], removed: [], preceded: [`new ${by}`, one] }[how]!
      return blocks.toSpliced(at, 1, ...now)
    }
    const sizes = fc.integer({ min: 0, max: 5 })
    fc.assert(
      fc.property(sizes, sizes, sizes, place, place, (before, between, after, ourWay, theirWay) => {
        const base = Array.from({ length: before + between + after + 4 }, (_, n) => `block ${n}`)
        const [first, second] = [before, before + between + 1]
        const merged = mergeBlocks(
          base,
          apply(base, first, ourWay, 'us'),
          apply(base, second, theirWay, 'them'),
        )
        expect(clashes(merged)).toEqual([])
        expect(taken(merged)).toEqual(
          apply(apply(base, second, theirWay, 'them'), first, ourWay, 'us'),
        )
      }),
    )
  })

  it('reports a conflict with both versions and the original', () => {
    fc.assert(
      fc.property(fc.nat(4), (at) => {
        const base = ['a', 'b', 'c', 'd', 'e']
        const merged = mergeBlocks(base, base.with(at, 'ours'), base.with(at, 'theirs'))
        expect(clashes(merged)).toEqual([{ base: [base[at]], ours: ['ours'], theirs: ['theirs'] }])
        expect(taken(merged)).toEqual(base.toSpliced(at, 1))
      }),
    )
  })

  it('applies changes of adjacent blocks', () => {
    const merged = mergeBlocks(['a', 'b', 'c'], ['ours', 'b', 'c'], ['a', 'theirs', 'c'])
    expect([clashes(merged), taken(merged)]).toEqual([[], ['ours', 'theirs', 'c']])
    const added = mergeBlocks(['a'], ['ours'], ['before', 'a', 'after'])
    expect([clashes(added), taken(added)]).toEqual([[], ['before', 'ours', 'after']])
    const both = mergeBlocks(['a'], ['a', 'ours'], ['a', 'theirs'])
    expect(clashes(both)).toEqual([{ base: [], ours: ['ours'], theirs: ['theirs'] }])
  })

  it('merges a content with more blocks than any article as a whole', () => {
    const huge = Array.from({ length: 100_000 }, () => 'same')
    expect(mergeBlocks(huge, [...huge, 'ours'], huge)).toEqual([[...huge, 'ours']])
    expect(mergeBlocks(['x'], ['y'], huge)).toEqual([{ base: ['x'], ours: ['y'], theirs: huge }])
  })
})

describe('splitBlocks', () => {
  it('finds the blocks that WordPress’s parser finds, and joins to the same content', () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 6 }), (blocks) => {
        const content = joinBlocks(blocks)
        expect(splitBlocks(content)).toEqual(blocks)
        const named = parse(content).filter(({ blockName }) => blockName !== null)
        expect(splitBlocks(content)).toHaveLength(named.length)
      }),
    )
  })

  it('keeps every word of any content, however broken', () => {
    const piece = fc.oneof(
      block,
      text,
      fc.constantFrom(
        '<!-- wp:group -->',
        '<!-- /wp:group -->',
        '<!--',
        '-->',
        '<!-- more -->',
        '/-->',
      ),
    )
    const words = (content: string) => content.replaceAll(/\s+/g, '')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const content = pieces.join('\n')
        const blocks = splitBlocks(content)
        expect(words(joinBlocks(blocks))).toBe(words(content))
        expect(splitBlocks(joinBlocks(blocks))).toEqual(blocks)
      }),
    )
  })

  it('keeps text between blocks as parts of its own', () => {
    const content = 'Classic text.\n\n<!-- wp:separator /-->\n\nMore of it.'
    expect(splitBlocks(content)).toEqual(['Classic text.', '<!-- wp:separator /-->', 'More of it.'])
  })
})
