import fc from 'fast-check'

const TAGS =
  'h1 h2 h3 h6 p div section ul ol li table thead tbody tr td th caption blockquote cite pre code a b strong em i s sub span br hr figure figcaption img script style iframe form input svg math title textarea select option template noscript details summary dl dt dd'.split(
    ' ',
  )
const ATTRIBUTES = [
  '',
  ' href="https://example.com/a[b]?c=1&d=2"',
  ' href=javascript:alert(1)',
  ' onclick="alert(1)"',
  ' style="position:fixed"',
  ' class="wp-block-html"',
  ' start="7"',
  ' src=x onerror=alert(1)',
  ' title="<!-- wp:html -->"',
]
const TEXTS = [
  'words',
  ' ',
  '\n',
  'a & b < c > d "e" \'f\'',
  '\u00a0',
  '[gallery ids="1"]',
  'https://example.com/video',
  '<!-- wp:html -->',
  '<!-- /wp:paragraph -->',
  '<!--more-->',
  '&lt;!-- wp:html --&gt;',
  '&#91;audio]',
  '<!',
  ']]>',
  '</',
  'Ω я 日 👩‍🚀',
  '\0',
  '\u0008',
  '\ud800',
]

const part = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...TAGS), fc.constantFrom(...ATTRIBUTES)) },
  { weight: 3, arbitrary: fc.constantFrom(...TAGS).map((tag) => `</${tag}>`) },
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
)

/** Tags that match or do not, with text that browsers, WordPress or its editor would act on. */
export const randomHtml: fc.Arbitrary<string> = fc
  .array(part, { maxLength: 60 })
  .map((parts) =>
    parts.map((each) => (typeof each === 'string' ? each : `<${each[0]}${each[1]}>`)).join(''),
  )
