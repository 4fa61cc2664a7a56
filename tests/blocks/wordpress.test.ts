import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { articleTree } from '../../wp-bridge/client/blocks/article-tree.ts'
import { type PlacedImage, toBlocks } from '../../wp-bridge/client/blocks/to-blocks.ts'
import { withPage } from '../helpers/chromium.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { HOSTILE } from './hostile-html.ts'

const ARTICLE = `<h1>Title</h1>stray <b>text</b> &amp; "quotes", it's 3 &gt; 2&nbsp;a--b
  <p>See <a href="https://example.com/a?b=1&c=2">this</a><br><sub>s</sub> <s>d</s> <code>x</code></p>
  <h2>One</h2><ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul><h3>Three</h3><h4>Four</h4>
  <h2>Two</h2><table><caption>Cap</caption><tr><th>A<th>B<tr><th>1<td>2</table>
  <blockquote>q<p>r</p><ul><li>s</ul><cite>me</cite></blockquote><pre><code>a
  b</code></pre><pre>x
 y  z</pre><hr><ol start=4><li>x</ol>`

const IMAGE: PlacedImage = {
  heading: 'Two',
  attachment_id: 5,
  url: 'https://blog.test/5.webp',
  alt_text: "A 'cup' & more",
  width: 1024,
  height: 683,
}

const blocks = (html: string, images = [IMAGE]) =>
  toBlocks(articleTree(html), { marker: 'igny8-7', images })

/** Everything an article may begin with, since the first block carries the marker. */
const BEGINNINGS =
  '|<p>a|<h3>a|<ul><li>a|<ol start=3><li>a|<table><tr><td>a|<blockquote>a|<pre>a|<pre><code>a|<hr>'

/** A table whose rows are too short to be filled. */
const GAPS = `<table><tr>${'<td>a</td>'.repeat(30)}</tr>${'<tr><td>b</td></tr>'.repeat(30)}</table>`

/** A page with the block editor's own scripts, and a shortcode that tells when it is run. */
const PLUGIN = `<?php
add_shortcode('igny8_probe', function () { return 'PROBE-RAN'; });
add_shortcode('gallery', function () { return 'PROBE-RAN'; });
add_filter('pre_oembed_result', function () { return 'PROBE-RAN'; });
add_action('init', function () {
  if (!isset($_GET['block-editor'])) return;
  echo '<!doctype html><body>';
  wp_print_scripts(['wp-block-library', 'wp-format-library']);
  exit;
}, 99);`

interface Editor {
  blocks: {
    parse(markup: string): EditorBlock[]
    serialize(blocks: EditorBlock[]): string
  }
  blockLibrary: { registerCoreBlocks(): void }
}
interface EditorBlock {
  name: string
  isValid: boolean
  innerBlocks: EditorBlock[]
}

describe('the blocks of an article in WordPress', () => {
  let wp: WordPress
  beforeAll(async () => {
    wp = await startWordPress({ muPlugins: [{ name: 'probe', php: PLUGIN }] })
  })
  afterAll(() => wp.stop())

  const inPhp = (markup: string, expression: string) =>
    wp.php(
      `$markup = base64_decode('${Buffer.from(markup).toString('base64')}'); echo ${expression};`,
    )

  /** What the editor makes of each markup: its blocks that it finds fault with, and what it saves. */
  const inEditor = (markups: string[]) =>
    withPage(`${wp.url}/?block-editor=1`, (page) =>
      page.evaluate((all) => {
        const { wp } = globalThis as unknown as { wp: Editor }
        wp.blockLibrary.registerCoreBlocks()
        const faults = (found: EditorBlock[]): string[] =>
          found.flatMap(({ name, isValid, innerBlocks }) => [
            ...(isValid && !/freeform|missing|html$/.test(name) ? [] : [name]),
            ...faults(innerBlocks),
          ])
        return all.map((markup) => {
          const found = wp.blocks.parse(markup)
          return { faults: faults(found), saved: wp.blocks.serialize(found) }
        })
      }, markups),
    )

  it('writes exactly what the editor saves', async () => {
    const markups = [ARTICLE, GAPS, ...BEGINNINGS.split('|')].map((html) => blocks(html))
    expect(await inEditor(markups)).toEqual(markups.map((saved) => ({ faults: [], saved })))
  })

  it('writes blocks of hostile articles that the editor finds valid', async () => {
    for (const { faults } of await inEditor(HOSTILE.map((html) => blocks(html))))
      expect(faults).toEqual([])
  })

  it('survives WordPress’s PHP parser and serializer unchanged', async () => {
    const markup = blocks(ARTICLE)
    expect(await inPhp(markup, 'serialize_blocks(parse_blocks($markup))')).toBe(markup)
    const names = await inPhp(
      markup,
      "implode(' ', array_filter(array_column(parse_blocks($markup), 'blockName')))",
    )
    expect(names.split(' ')).toHaveLength(15)
    expect(await inPhp(markup, 'do_shortcode($markup)')).toBe(markup)
  })

  it('renders as the same article, without comments', async () => {
    const html = await inPhp(blocks(ARTICLE, []), 'do_blocks($markup)')
    expect(html).not.toContain('<!--')
    expect(blocks(html, [])).toBe(blocks(ARTICLE, []))
  })

  it('runs no shortcode and embeds nothing on the page', async () => {
    const markup = [...HOSTILE, '<p>[gallery ids="1"]</p>'].map((html) => blocks(html)).join('\n\n')
    const shown = await inPhp(markup, "apply_filters('the_content', $markup)")
    expect(shown).toContain('igny8_probe]')
    expect(shown).not.toContain('PROBE-RAN')
    const unsafe = '<p>[igny8_probe]</p>\n\n<p>https://www.youtube.com/watch?v=dQw4w9WgXcQ</p>'
    const run = await inPhp(unsafe, "apply_filters('the_content', $markup)")
    expect(run.match(/PROBE-RAN/g)).toHaveLength(2)
  })

  it('passes WordPress’s filters for authors unchanged', async () => {
    const markup = [ARTICLE, ...HOSTILE].map((html) => blocks(html)).join('\n\n')
    const filtered = await inPhp(markup, 'wp_unslash(wp_filter_post_kses(wp_slash($markup)))')
    expect(filtered.replaceAll(' />', '/>')).toBe(markup)
  })
})
