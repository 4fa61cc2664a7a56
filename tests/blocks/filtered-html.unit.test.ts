import { expect, it } from 'vitest'
import { filteredIn } from '../../wp-bridge/client/publish/kses.ts'

it('finds what WordPress removes, and nothing in what it keeps', () => {
  const kept = `<!-- wp:image {"id":3,"alt":"\\u003cscript\\u003e"} -->
    <figure class="wp-block-image"><img src="/a.webp" alt="once on=1 < 2"/></figure><!-- /wp:image -->
    <p data-on="x" title='an onclick="x"'>1 &lt; 2, a<b>c</b>, one = two</p>`
  expect(filteredIn(kept)).toEqual([])
  const taken = '<SCRIPT>x</SCRIPT><p OnClick = "x">a</p><svg/onload=1><b title="a"onblur=2>c</b>'
  expect(filteredIn(taken)).toEqual(['<script>', 'onclick', '<svg>', 'onblur'])
})
