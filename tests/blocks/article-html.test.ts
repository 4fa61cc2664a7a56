import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countWords, extractBody } from '../../server/writer/article-html.ts'

describe("an article's body", () => {
  const page = `<!DOCTYPE html><html lang="en"><head><title>A < b</title><style>p{}</style></head>
    <body class="x"><h2>Brewing &amp; beans</h2><!-- note --><p>Text.</p></body></html>`

  it('is what stands in the body of a whole page', () => {
    expect(extractBody(page)).toBe('<h2>Brewing &amp; beans</h2><p>Text.</p>')
  })

  it('is taken out of a markdown fence, with what was said around it gone', () => {
    expect(extractBody(`Here it is:\n\`\`\`html\n${page}\n\`\`\`\nEnjoy!`)).toBe(extractBody(page))
    expect(extractBody('```\n<p>cut off')).toBe('<p>cut off')
  })

  it('is a fragment as it is, fences within its code included', () => {
    const fragment = '<p>a</p>\n<pre>```\ncode\n```</pre>'
    expect(extractBody(fragment)).toBe(fragment)
    expect(extractBody('just text')).toBe('just text')
  })

  it('is found without the tags that HTML lets out, and without scripts and NUL', () => {
    expect(extractBody('<title>x</title><meta charset=utf-8><p>a\0b')).toBe('<p>ab')
    expect(extractBody('<p>a</p><script>if (a < "</p>") {}</script><p>b</p>')).toBe(
      '<p>a</p><p>b</p>',
    )
  })

  it('is the same when it is taken out once more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('<body>', '</body>', '<p>', '<title>', '</title>', 'a')),
        (parts) => {
          const once = extractBody(parts.join(''))
          expect(extractBody(once)).toBe(once)
        },
      ),
    )
  })
})

describe('words', () => {
  it('are counted as a reader counts them, in any script', () => {
    expect(countWords("<p>It's 3.5 bars, not <b>n</b>ine.</p>")).toBe(5)
    expect(countWords('<li>one</li><li>two</li>three<br>four')).toBe(4)
    expect(countWords('<p>Γειά σου Κόσμε &amp; привет</p>')).toBe(4)
    expect(countWords('<p>今日は良い天気です</p>')).toBeGreaterThan(2)
  })

  it('are none in tags, comments, scripts and entities', () => {
    expect(countWords('<a title="b c">&nbsp;</a><!-- d --><script>e f</script>')).toBe(0)
  })
})

it('takes markup that is nested without end as it is', () => {
  const nested = '<div>'.repeat(200_000)
  expect(extractBody(nested)).toBe(nested)
  expect(countWords(nested)).toBe(0)
})
