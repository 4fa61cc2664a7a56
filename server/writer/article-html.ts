import { type Token, type TokenHandler, Tokenizer, TokenizerMode } from 'parse5'

/** Elements within a word or a sentence: their tags separate no words. */
const INLINE = new Set(
  'a abbr b bdi bdo cite code data del dfn em font i ins kbd mark q s samp small span strong sub sup time tt u var wbr'.split(
    ' ',
  ),
)

/** Elements that nobody reads, with the state in which the tokenizer finds their end. */
const UNREAD = new Map([
  ['script', TokenizerMode.SCRIPT_DATA],
  ['style', TokenizerMode.RAWTEXT],
  ['title', TokenizerMode.RCDATA],
  ['textarea', TokenizerMode.RCDATA],
  ['iframe', TokenizerMode.RAWTEXT],
  ['noembed', TokenizerMode.RAWTEXT],
  ['noframes', TokenizerMode.RAWTEXT],
  ['xmp', TokenizerMode.RAWTEXT],
])

/** Tags of a page around its article. */
const PAGE_TAGS = new Set(['html', 'head', 'body', 'meta', 'link', 'base'])

/** What a page begins with, and a fragment does not. */
const WHOLE_PAGE = /^\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype|html|head|body)[\s>]/i

const words = new Intl.Segmenter('und', { granularity: 'word' })

/**
 * The article in what a model wrote: the inner HTML of the body of a whole page, or the fragment as
 * it is, taken out of a markdown fence and without comments, styles, scripts and what belongs to a
 * page's head. It is not sanitised. Takes time linear in its length, whatever the markup.
 */
export function extractBody(html: string): string {
  const text = withoutFence(html.replaceAll('\0', ''))
  const slices: string[] = []
  let unread = ''
  let isClosed = false
  const keep = (token: Token.Token) => {
    const { location } = token
    if (!location || isClosed || unread) return
    slices.push(text.slice(location.startOffset, location.endOffset))
  }
  tokenize(text, {
    onStartTag(token) {
      if (token.tagName === 'body') slices.length = 0
      if (UNREAD.has(token.tagName)) unread = token.tagName
      if (!PAGE_TAGS.has(token.tagName)) keep(token)
    },
    onEndTag(token) {
      if (token.tagName === 'body') isClosed = true
      const wasUnread = unread === token.tagName
      if (!wasUnread && !PAGE_TAGS.has(token.tagName)) keep(token)
      if (wasUnread) unread = ''
    },
    onText: keep,
  })
  return slices.join('').trim()
}

/**
 * The article in what a person sent: of a whole page the inner HTML of its body, a fragment as it is.
 */
export function articleIn(html: string): string {
  return WHOLE_PAGE.test(html) ? extractBody(html) : html
}

/** Words of any script as a reader counts them, in what shows of the HTML. */
export function countWords(html: string): number {
  const texts: string[] = []
  let unread = ''
  tokenize(html, {
    onStartTag({ tagName }) {
      if (UNREAD.has(tagName)) unread = tagName
      if (!INLINE.has(tagName)) texts.push(' ')
    },
    onEndTag({ tagName }) {
      if (unread === tagName) unread = ''
      if (!INLINE.has(tagName)) texts.push(' ')
    },
    onText({ chars }) {
      if (!unread) texts.push(chars)
    },
  })
  let count = 0
  for (const { isWordLike } of words.segment(texts.join('').replace(/\s+/g, ' ')))
    if (isWordLike) count++
  return count
}

/** What stands in the first fence that begins before any tag; all after it if it is not closed. */
function withoutFence(text: string): string {
  const tag = text.indexOf('<')
  const head = tag < 0 ? text : text.slice(0, tag)
  const opening = /^[ \t]*(```|~~~)[ \t]*(?:[\w-]+[ \t]*)?\r?\n/m.exec(head)
  if (!opening) return text
  const inner = text.slice(opening.index + opening[0].length)
  const closing = inner.lastIndexOf(`\n${opening[1]}`)
  return closing < 0 ? inner : inner.slice(0, closing)
}

interface Reader {
  onStartTag(token: Token.TagToken): void
  onEndTag(token: Token.TagToken): void
  onText(token: Token.CharacterToken): void
}

/** The tokenizer alone: building the tree takes quadratic time for deeply nested elements. */
function tokenize(html: string, reader: Reader): void {
  const ignore = () => undefined
  const onText = (token: Token.CharacterToken) => reader.onText(token)
  const handler: TokenHandler = {
    onStartTag(token) {
      const state = UNREAD.get(token.tagName)
      if (state !== undefined) tokenizer.state = state
      reader.onStartTag(token)
    },
    onEndTag: (token) => reader.onEndTag(token),
    onCharacter: onText,
    onWhitespaceCharacter: onText,
    onNullCharacter: ignore,
    onComment: ignore,
    onDoctype: ignore,
    onEof: ignore,
  }
  const tokenizer = new Tokenizer({ sourceCodeLocationInfo: true }, handler)
  tokenizer.write(html, true)
}
