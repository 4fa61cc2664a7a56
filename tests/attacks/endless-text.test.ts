import { describe, expect, it } from 'vitest'
import { ArticleLimitError, articleTree } from '../../wp-bridge/client/blocks/article-tree.ts'
import { faqOf } from '../../wp-bridge/client/blocks/faq.ts'
import { insertLinks } from '../../wp-bridge/client/blocks/insert-links.ts'
import { toBlocks } from '../../wp-bridge/client/blocks/to-blocks.ts'
import { mergeBlocks } from '../../wp-bridge/client/merge/merge-blocks.ts'
import { neverAnswered } from '../helpers/without-end.ts'
import { ENDLESS, multiplying } from './endless-text.ts'

const CLIENT = '../../wp-bridge/client'

describe('a megabyte of hostile text', { timeout: 600_000 }, () => {
  it.each([
    [`${CLIENT}/http/plain-text.ts`, 'plainText'],
    [`${CLIENT}/blocks/split-blocks.ts`, 'splitBlocks'],
    [`${CLIENT}/publish/kses.ts`, 'filteredIn'],
    [`${CLIENT}/http/redact-secrets.ts`, 'redactSecrets'],
    [`${CLIENT}/http/parse-json.ts`, 'parseJson'],
    ['../../server/writer/article-html.ts', 'extractBody'],
    ['../../server/writer/article-html.ts', 'countWords'],
    ['../../server/tasks/check-article.ts', 'articleProblem'],
  ])('is processed in time by %s %s', async (module, name) => {
    expect(await neverAnswered(module, name, ENDLESS)).toEqual([])
  })

  it('is processed in time when links are inserted and questions are read', () => {
    const anchors = ['a a a b', 'x y', 'q a', '今日']
    const links = Array.from({ length: 200 }, (_, i) => ({ url: `/${i}`, title: 'T', anchors }))
    let read = 0
    for (const html of Object.values(ENDLESS)) {
      try {
        const article = articleTree(html)
        faqOf(article)
        insertLinks(article, links)
        expect(toBlocks(article, { marker: 'm', images: [] }).length).toBeLessThan(40 * 1_000_000)
        read++
      } catch (error) {
        expect(error).toBeInstanceOf(ArticleLimitError)
      }
    }
    expect(read).toBeGreaterThan(10)
  })

  it('is merged in time, however many blocks are equal', () => {
    const base = Array<string>(3_000).fill('x')
    expect(mergeBlocks(base, base.slice(1), [...base, 'y'])).toEqual([
      { base, ours: base.slice(1), theirs: [...base, 'y'] },
    ])
    expect(mergeBlocks(base, base, [...base, 'y'])).toEqual([[...base, 'y']])
  })
})

describe('articleTree', () => {
  it.each([1_200, 3_700])(
    'refuses an article whose %i elements multiply, without using memory',
    (times) => {
      const before = process.memoryUsage().heapTotal
      expect(() => articleTree(multiplying(times))).toThrow(ArticleLimitError)
      expect(process.memoryUsage().heapTotal - before).toBeLessThan(150 * 1024 * 1024)
    },
  )

  it('reads an ordinary article of a million characters completely', () => {
    const part =
      '<section><h2>A question?</h2><p>Some <b>bold</b> and <a href="/x">linked</a> words.</p>' +
      '<ul><li>one</li><li>two</li></ul><table><tr><td>1</td><td>2</td></tr></table></section>\n'
    const article = articleTree(part.repeat(Math.floor(1_000_000 / part.length)))
    const blocks = toBlocks(article, { marker: 'm', images: [] })
    expect(blocks.match(/<h2/g)).toHaveLength(Math.floor(1_000_000 / part.length))
  })
})
