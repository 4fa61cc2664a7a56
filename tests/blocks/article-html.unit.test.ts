import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countWords, extractBody } from '../../server/writer/article-html.ts'

describe('extractBody', () => {
  const page = `<!DOCTYPE html><html lang="en"><head><title>A < b</title><style>p{}</style></head>
    <body class="x"><h2>Brewing &amp; beans</h2><!-- note --><p>Text.</p></body></html>`

  it('returns the content of the body of a whole page', () => {
    expect(extractBody(page)).toBe('<h2>Brewing &amp; beans</h2><p>Text.</p>')
  })

  it('takes the article out of a Markdown fence and drops the text around it', () => {
    expect(extractBody(`Here it is:\n\`\`\`html\n${page}\n\`\`\`\nEnjoy!`)).toBe(extractBody(page))
    expect(extractBody('```\n<p>cut off')).toBe('<p>cut off')
  })

  it('returns a fragment unchanged, with fences in its code', () => {
    const fragment = '<p>a</p>\n<pre>```\ncode\n```</pre>'
    expect(extractBody(fragment)).toBe(fragment)
    expect(extractBody('just text')).toBe('just text')
  })

  it('finds a body without optional tags, and removes scripts and NULs', () => {
    expect(extractBody('<title>x</title><meta charset=utf-8><p>a\0b')).toBe('<p>ab')
    expect(extractBody('<p>a</p><script>if (a < "</p>") {}</script><p>b</p>')).toBe(
      '<p>a</p><p>b</p>',
    )
  })

  it('changes nothing when it is applied again', () => {
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

describe('countWords', () => {
  it('counts words as a reader does, in any script', () => {
    expect(countWords("<p>It's 3.5 bars, not <b>n</b>ine.</p>")).toBe(5)
    expect(countWords('<li>one</li><li>two</li>three<br>four')).toBe(4)
    expect(countWords('<p>Γειά σου Κόσμε &amp; привет</p>')).toBe(4)
    expect(countWords('<p>今日は良い天気です</p>')).toBeGreaterThan(2)
  })

  it('ignores tags, comments, scripts and entities', () => {
    expect(countWords('<a title="b c">&nbsp;</a><!-- d --><script>e f</script>')).toBe(0)
  })
})

it('returns endlessly nested markup unchanged', () => {
  const nested = '<div>'.repeat(200_000)
  expect(extractBody(nested)).toBe(nested)
  expect(countWords(nested)).toBe(0)
})
