import * as fc from 'fast-check'
import { serialize } from 'parse5'
import { expect, it } from 'vitest'
import { articleTree } from '../../wp-bridge/client/blocks/article-tree.ts'
import { insertLinks, type Link } from '../../wp-bridge/client/blocks/insert-links.ts'

const link = (url: string, anchors: string[], title = 'A title') => ({ url, title, anchors })
/** The HTML of an article with links in it. */
function linked(html: string, links: Link[]): string {
  const article = articleTree(html)
  insertLinks(article, links)
  return serialize({ nodeName: '#document-fragment', ...article })
}

const TEA = link('https://blog.test/tea/', ['green tea'])

it('links the first words of a paragraph that match an anchor, in any case', () => {
  const html = '<h2>Green tea</h2><p>Not greenteas, but <b>Green\n Tea</b> and green tea.</p>'
  expect(linked(html, [TEA])).toBe(
    '<h2>Green tea</h2><p>Not greenteas, but <b><a href="https://blog.test/tea/">Green\n Tea</a></b> and green tea.</p>',
  )
})

it.each([
  ['<p><a href="/x">green tea</a></p>'],
  ['<p><code>green tea</code></p>'],
  ['<h2>green tea</h2>'],
  ['<p>evergreen tea</p>'],
  ['<p>green teas</p>'],
])('does not stand in %s, but in a list at the end', (html) => {
  expect(linked(html, [TEA])).toBe(
    `${html}<ul><li><a href="https://blog.test/tea/">A title</a></li></ul>`,
  )
})

it('uses the best anchor that occurs, and each place once', () => {
  const links = [link('/1', ['black tea', 'tea']), link('/2', ['tea']), link('/3', ['tea'])]
  expect(linked('<p>tea, black tea, tea</p>', links)).toBe(
    '<p><a href="/2">tea</a>, <a href="/1">black tea</a>, <a href="/3">tea</a></p>',
  )
})

it('recognises an absolute address of the same page', () => {
  const html = '<p>See <a href="https://blog.test/tea/">this</a>, green tea.</p>'
  expect(linked(html, [link('/tea/', ['green tea'])])).toBe(html)
})

it('changes nothing when the link exists or there are no links', () => {
  const html = '<p>See <a href="https://blog.test/tea/">this</a>, green tea.'
  expect(linked(html, [TEA])).toContain('green tea.')
  expect(linked(html, [TEA]).match(/<a /g)).toHaveLength(1)
  expect(linked('<p>as it <b>is</b></p>', [])).toBe('<p>as it <b>is</b></p>')
})

it('changes no word of any article, and gives the same result each time', () => {
  const words = (html: string) => html.replaceAll(/<[^>]*>/g, '')
  const text = fc.array(fc.constantFrom('tea', 'a+b', '(c', '[d]', 'ö', '$1', '\\', ' '), {
    maxLength: 9,
  })
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 3 }), (said, anchors) => {
      const html = `<p>${said.join(' ')}</p>`
      const links = [
        link(
          '/1',
          anchors.map((anchor) => anchor.join(' ')),
          '',
        ),
      ]
      expect(words(linked(html, links))).toBe(said.join(' '))
      expect(linked(html, links)).toBe(linked(html, links))
    }),
  )
})
