import fc from 'fast-check'
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5'
import { describe, expect, it } from 'vitest'
import { ArticleLimitError, articleTree } from '../../wp-bridge/client/blocks/article-tree.ts'
import { splitBlocks } from '../../wp-bridge/client/blocks/split-blocks.ts'
import { toBlocks } from '../../wp-bridge/client/blocks/to-blocks.ts'
import { plainText } from '../../wp-bridge/client/http/plain-text.ts'
import { FORBIDDEN, HOSTILE } from './hostile-html.ts'
import { randomHtml } from './random-html.ts'

const blocks = (html: string) => toBlocks(articleTree(html), { marker: 'm', images: [] })

/** The delimiters of the blocks that articles are written in, and the classes of those blocks. */
const DELIMITER =
  /\n*<!-- \/?wp:(?:heading|paragraph|list|list-item|table|quote|code|preformatted|separator) (?:\{[^{}]*\} )?-->\n*/g
const CLASSES = / class="(?:m|wp-block-[a-z]+|wp-element-caption|has-alpha-channel-opacity| )+"/g

/** The blocks of an article as HTML, one per line, without the delimiters and classes of blocks. */
const sanitize = (html: string) =>
  splitBlocks(blocks(html))
    .map((block) => block.replace(DELIMITER, '').replace(CLASSES, ''))
    .join('\n')

/** The names of all elements and attributes that a browser finds. */
function namesIn(html: string): string[] {
  const names = new Set<string>()
  const walk = (nodes: DefaultTreeAdapterTypes.ChildNode[]) => {
    for (const node of nodes) {
      if (node.nodeName === '#comment') names.add('comment')
      if (!('tagName' in node)) continue
      names.add(node.tagName)
      for (const { name } of node.attrs) names.add(`${node.tagName}.${name}`)
      walk(node.childNodes)
    }
  }
  walk(parseFragment(html).childNodes)
  return [...names]
}

const ALLOWED = new Set(
  'h2 h3 h4 p ul ol ol.start li figure table figcaption thead tbody tfoot tr th td blockquote cite pre code hr a a.href a.rel strong em s sub sup kbd br'.split(
    ' ',
  ),
)

/** Articles that a careless writer makes many times longer, or reads with too deep a stack. */
const SWELLING = [
  ['a wide row over many narrow ones', wideTable(8_000)],
  [
    'a long link around many blocks',
    `<ul><li><a href="https://a.test/${'x'.repeat(100_000)}">${'<div>a</div>'.repeat(9_000)}</a></li></ul>`,
  ],
  ['separators', `<div>${'<hr>'.repeat(200_000)}</div>`],
  ['blocks in a list', `<ul><li><div>${'<p>a</p>'.repeat(120_000)}</div></li></ul>`],
  ['table rows', `<table>${'<tr><td></td></tr>'.repeat(100_000)}</table>`],
] as const

function wideTable(size: number): string {
  return `<table><tr>${'<td></td>'.repeat(size)}</tr>${'<tr><td></td></tr>'.repeat(size)}</table>`
}

describe('sanitising', () => {
  it('keeps a clean article unchanged', () => {
    const article = [
      '<h2>Grind &amp; dose</h2>',
      '<p>A <strong>bold</strong> <a href="https://example.com/x?a=1&amp;b=2" rel="nofollow">link</a>.</p>',
      '<ul><li>one<ul><li>deeper</li></ul></li><li>two</li></ul>',
      '<ol start="3"><li>three</li></ol>',
      '<figure><table><thead><tr><th>A</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table><figcaption>Doses</figcaption></figure>',
      '<blockquote><p>Said.</p><cite>Somebody</cite></blockquote>',
      '<pre><code>a\n  b</code></pre>',
      '<hr/>',
      '<h3>More</h3>',
    ].join('\n')
    expect(sanitize(article)).toBe(article)
  })

  it('puts stray text into paragraphs, and makes an h1 an h2', () => {
    expect(sanitize('stray <b>text</b><h1>Title</h1><div>a<div>b</div></div>')).toBe(
      '<p>stray <strong>text</strong></p>\n<h2>Title</h2>\n<p>a</p>\n<p>b</p>',
    )
    expect(sanitize('<b><p>one</p><p>two</p></b><li>three')).toBe(
      '<p>one</p>\n<p>two</p>\n<p>three</p>',
    )
  })

  it('keeps links to http, https, mailto and paths of the site, and only the text of other links', () => {
    const link = (href: string) => sanitize(`<a href="${href}">x</a>`)
    expect(link('mailto:a@b.test')).toBe('<p><a href="mailto:a@b.test" rel="nofollow">x</a></p>')
    expect(link('/blog/')).toBe('<p><a href="/blog/">x</a></p>')
    for (const href of ['ftp://a.test', '//a.test', 'a.html', '#a', '', '/\\a.test']) {
      expect(link(href)).toBe('<p>x</p>')
    }
  })

  it.each(HOSTILE)('disarms %s', (html) => {
    const safe = sanitize(`<p>before</p>${html}`)
    expect(safe).not.toMatch(FORBIDDEN)
    expect(safe).not.toContain('<!--')
    expect(namesIn(safe).filter((name) => !ALLOWED.has(name))).toEqual([])
    expect(safe).toMatch(/^<p>before/)
  })

  it('shows shortcodes, and addresses alone on a line, as text', () => {
    const safe = sanitize('<p>[gallery ids="1"]</p><p>https://example.com/a</p>')
    expect(safe).toBe('<p>&#091;gallery ids="1"]</p>\n<p>https:&#047;&#047;example.com/a</p>')
    expect(plainText(safe)).toBe('[gallery ids="1"] https://example.com/a')
  })

  it('reduces any HTML to what an article may hold, and changes nothing the second time', () => {
    fc.assert(
      fc.property(randomHtml, (html) => {
        const safe = sanitize(html)
        expect(safe).not.toMatch(FORBIDDEN)
        expect(safe).not.toContain('[')
        expect(namesIn(safe).filter((name) => !ALLOWED.has(name))).toEqual([])
        expect(blocks(blocks(html))).toBe(blocks(html))
      }),
      { numRuns: 2_000 },
    )
  })

  it.each(SWELLING)('limits the length of the result for %s', (_name, html) => {
    expect(html.length).toBeGreaterThan(200_000)
    expect(sanitize(html).length).toBeLessThan(8 * html.length)
  })

  it('keeps a link on the first of the blocks in it', () => {
    expect(sanitize('<ul><li><a href="/x"><div>a</div><div>b</div></a></li></ul>')).toBe(
      '<ul><li><a href="/x">a</a><br>b</li></ul>',
    )
    expect(sanitize('<h2><a href="/x"><div>a</div></a></h2>')).toBe('<h2><a href="/x">a</a></h2>')
  })

  it('pads the rows of a table with few gaps, and leaves one of mostly gaps unchanged', () => {
    expect(sanitize('<table><tr><td>a<td>b<tr><td>c</table>')).toBe(
      '<figure><table><tbody><tr><td>a</td><td>b</td></tr><tr><td>c</td><td></td></tr></tbody></table></figure>',
    )
    const wide = `<tr>${'<td>a</td>'.repeat(30)}</tr>`
    const gaps = `<table><tbody>${wide}${'<tr><td>b</td></tr>'.repeat(30)}</tbody></table>`
    expect(sanitize(gaps)).toBe(`<figure>${gaps}</figure>`)
  })

  it('refuses markup with endlessly many open elements', () => {
    for (const open of ['<div>', '<b></i>', '<ul><li>', '<dt><li>']) {
      expect(() => sanitize(open.repeat(150_000))).toThrow(ArticleLimitError)
    }
    expect(sanitize('<p>one'.repeat(4_000))).toMatch(/^<p>one<\/p>\n/)
  })
})
