import { parse } from '@wordpress/block-serialization-default-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { articleTree } from '../../wp-bridge/client/blocks/article-tree.ts'
import { type PlacedImage, toBlocks } from '../../wp-bridge/client/blocks/to-blocks.ts'
import { FORBIDDEN, HOSTILE } from './hostile-html.ts'
import { randomHtml } from './random-html.ts'

type ParsedBlock = ReturnType<typeof parse>[number]

const blocks = (html: string, images: PlacedImage[] = []) =>
  toBlocks(articleTree(html), { marker: 'igny8-7', images })

const image = (id: number, heading: string | null = null): PlacedImage => ({
  heading,
  attachment_id: id,
  url: `https://blog.test/uploads/${id}.webp`,
  alt_text: 'A cup',
  width: 1024,
  height: 683,
})

/** What WordPress's parser finds, without the white space between blocks. */
function parsed(markup: string): ParsedBlock[] {
  return parse(markup).filter(({ blockName, innerHTML }) => blockName || innerHTML.trim())
}

function all(found: ParsedBlock[]): ParsedBlock[] {
  return found.flatMap((block) => [block, ...all(block.innerBlocks)])
}

/** What was parsed, written by WordPress's rules again. */
function written({ blockName, attrs, innerContent, innerBlocks }: ParsedBlock): string {
  const name = String(blockName).replace('core/', '')
  const json = Object.keys(attrs ?? {}).length > 0 ? `${JSON.stringify(attrs)} ` : ''
  const inner = [...innerBlocks]
  const html = innerContent.map((part) => part ?? written(inner.shift()!)).join('')
  return `<!-- wp:${name} ${json}-->${html}<!-- /wp:${name} -->`
}

/** The names and texts of the blocks at the top, in order. */
const outline = (markup: string) =>
  parsed(markup).map(({ blockName, attrs, innerHTML }) =>
    blockName === 'core/image' ? `image ${attrs?.id}` : innerHTML.replace(/<[^>]*>/g, '').trim(),
  )

describe('toBlocks', () => {
  it.each([
    [
      '<h2>A</h2>',
      '<!-- wp:heading {"className":"igny8-7"} -->\n<h2 class="igny8-7">A</h2>\n<!-- /wp:heading -->',
    ],
    [
      '<h3>A</h3>',
      '<!-- wp:heading {"level":3,"className":"igny8-7"} -->\n<h3 class="igny8-7">A</h3>\n<!-- /wp:heading -->',
    ],
    [
      'A',
      '<!-- wp:paragraph {"className":"igny8-7"} -->\n<p class="igny8-7">A</p>\n<!-- /wp:paragraph -->',
    ],
    [
      '',
      '<!-- wp:paragraph {"className":"igny8-7"} -->\n<p class="igny8-7"></p>\n<!-- /wp:paragraph -->',
    ],
    [
      '<ol start=3><li>A<ul><li>B</ul></ol>',
      '<!-- wp:list {"ordered":true,"start":3,"className":"igny8-7"} -->\n<ol start="3" class="igny8-7"><!-- wp:list-item -->\n<li>A<!-- wp:list -->\n<ul><!-- wp:list-item -->\n<li>B</li>\n<!-- /wp:list-item --></ul>\n<!-- /wp:list --></li>\n<!-- /wp:list-item --></ol>\n<!-- /wp:list -->',
    ],
    [
      '<figure><table><tr><th>A<th>B<tr><td>1</table><figcaption>C</figcaption></figure>',
      '<!-- wp:table {"className":"igny8-7"} -->\n<figure class="wp-block-table igny8-7"><table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><td></td></tr></tbody></table><figcaption class="wp-element-caption">C</figcaption></figure>\n<!-- /wp:table -->',
    ],
    [
      '<blockquote>A<cite>B</cite></blockquote>',
      '<!-- wp:quote {"className":"igny8-7"} -->\n<blockquote class="wp-block-quote igny8-7"><!-- wp:paragraph -->\n<p>A</p>\n<!-- /wp:paragraph --><cite>B</cite></blockquote>\n<!-- /wp:quote -->',
    ],
    [
      '<pre>A\n B</pre>',
      '<!-- wp:preformatted {"className":"igny8-7"} -->\n<pre class="wp-block-preformatted igny8-7">A\n B</pre>\n<!-- /wp:preformatted -->',
    ],
    [
      '<pre><code>A</code></pre>',
      '<!-- wp:code {"className":"igny8-7"} -->\n<pre class="wp-block-code igny8-7"><code>A</code></pre>\n<!-- /wp:code -->',
    ],
    [
      '<hr>',
      '<!-- wp:separator {"className":"igny8-7"} -->\n<hr class="wp-block-separator has-alpha-channel-opacity igny8-7"/>\n<!-- /wp:separator -->',
    ],
  ])('writes blocks as the editor does: %s', (html, markup) => {
    expect(blocks(html)).toBe(markup)
  })

  it('puts the marker into the first block only', () => {
    expect(blocks('<p>a</p><p>b</p>').match(/igny8-7/g)).toHaveLength(2)
    for (const marker of ['', 'a b', 'a--b', 'a"b', '-->']) {
      expect(() => toBlocks(articleTree('a'), { marker, images: [] })).toThrow(TypeError)
    }
  })

  it('writes nothing of hostile HTML that a browser or WordPress acts on', () => {
    const markups = HOSTILE.map((html) => blocks(html))
    const found = markups.flatMap((markup) => all(parsed(markup)))
    const names = new Set(found.map(({ blockName }) => blockName))
    expect([...names].sort()).toEqual(['core/code', 'core/paragraph', 'core/table'])
    for (const markup of markups) expect(markup).not.toMatch(FORBIDDEN)
  })

  it("writes blocks of any HTML that WordPress's parser finds complete, with nothing between them", () => {
    fc.assert(
      fc.property(randomHtml, (html) => {
        const markup = blocks(html, [image(1, 'words'), image(2)])
        const found = parsed(markup)
        expect(all(found).filter(({ blockName }) => !blockName?.startsWith('core/'))).toEqual([])
        expect(found.map(written).join('\n\n')).toBe(markup)
        expect(found.filter(({ blockName }) => blockName === 'core/image')).toHaveLength(2)
        expect(markup.match(/igny8-7/g)).toHaveLength(2)
        expect(markup).not.toMatch(FORBIDDEN)
        expect(blocks(blocks(html), [image(1, 'words'), image(2)])).toBe(markup)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('placing images', () => {
  const article =
    '<p>in</p><h2>One</h2><p>1</p><h2>Two &amp; <em>more</em></h2><p>2</p><h2>Three</h2><p>3</p>'

  it('writes images as the editor writes those of the media library', () => {
    const markup = blocks('<p>a</p>', [{ ...image(5), alt_text: '"Hot" <cup> & [gallery]' }])
    expect(markup.split('\n\n')[1]).toBe(
      '<!-- wp:image {"id":5,"sizeSlug":"large","linkDestination":"none"} -->\n<figure class="wp-block-image size-large"><img src="https://blog.test/uploads/5.webp" alt="&quot;Hot&quot; &lt;cup&gt; &amp; &#091;gallery]" class="wp-image-5"/></figure>\n<!-- /wp:image -->',
    )
    expect(() => blocks('a', [{ ...image(5), url: 'javascript:alert(1)' }])).toThrow(TypeError)
  })

  it('puts images below their h2, in order', () => {
    const images = [image(1, ' two & MORE'), image(2, 'Three'), image(3, 'Three')]
    expect(outline(blocks(article, images))).toEqual([
      'in',
      'One',
      '1',
      'Two &amp; more',
      'image 1',
      '2',
      'Three',
      'image 2',
      'image 3',
      '3',
    ])
  })

  it('spreads other images over the h2s without one, and puts the rest last', () => {
    expect(outline(blocks(article, [image(1), image(2, 'One')]))).toEqual([
      'in',
      'One',
      'image 2',
      '1',
      'Two &amp; more',
      '2',
      'Three',
      'image 1',
      '3',
    ])
    expect(outline(blocks(article, [image(1)]))[4]).toBe('image 1')
    expect(
      outline(
        blocks(
          article,
          [1, 2, 3, 4, 5].map((id) => image(id, 'gone')),
        ),
      ).slice(-3),
    ).toEqual(['3', 'image 4', 'image 5'])
  })

  it('puts images last in an article without an h2', () => {
    expect(outline(blocks('<h3>a</h3><p>b</p>', [image(1)]))).toEqual(['a', 'b', 'image 1'])
    expect(outline(blocks('', [image(1)]))).toEqual(['', 'image 1'])
  })
})
