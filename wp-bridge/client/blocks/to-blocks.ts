import { articleBlocks, type Block, type List, type Row, type Table } from './article-blocks.ts'
import type { ArticleTree } from './article-tree.ts'
import { type PlacedImage, placeImages } from './images.ts'
import { escapeAttribute } from './inline.ts'

export type { PlacedImage } from './images.ts'

/**
 * Writes an article as the block editor of WordPress 6.1 saves it: headings (h2 to h4), paragraphs,
 * lists, tables, quotes, code and separators with plain inline markup. Links lead to http, https,
 * mailto or a path of the site itself. What looks like a shortcode is shown and does nothing. Writing
 * the result as blocks again changes nothing.
 *
 * An image goes below the h2 that is its heading. The others are spread over the h2s without an image,
 * and the rest come last. An article without content becomes one empty paragraph.
 * @param marker the class of the first block
 * @throws TypeError for a marker that is not a plain CSS class, or an image whose URL is not http(s)
 */
export function toBlocks(
  article: ArticleTree,
  { marker, images }: { marker: string; images: PlacedImage[] },
): string {
  // Two dashes would end the comment that contains the class.
  if (!/^[a-z0-9]+([-_][a-z0-9]+)*$/i.test(marker)) throw new TypeError(`not a marker: ${marker}`)
  const read = articleBlocks(article)
  const blocks: Block[] = read.length > 0 ? read : [{ kind: 'paragraph', content: '' }]
  const placed = placeImages(blocks, images)
  return blocks
    .flatMap((block, i) => [
      writeBlock(block, i === 0 ? marker : undefined),
      ...(placed.get(i) ?? []).map(writeImage),
    ])
    .join('\n\n')
}

function writeBlock(block: Block, className?: string): string {
  switch (block.kind) {
    case 'heading': {
      const tag = `h${block.level}`
      const level = block.level === 2 ? undefined : block.level
      const html = `<${tag}${classes(className)}>${block.content}</${tag}>`
      return delimited('heading', { level, className }, html)
    }
    case 'paragraph':
      return delimited('paragraph', { className }, `<p${classes(className)}>${block.content}</p>`)
    case 'list':
      return writeList(block, className)
    case 'table':
      return writeTable(block, className)
    case 'quote': {
      const inner = block.blocks.map((part) => writeBlock(part)).join('\n\n')
      const citation = block.citation && `<cite>${block.citation}</cite>`
      const tag = `<blockquote${classes('wp-block-quote', className)}>`
      return delimited('quote', { className }, `${tag}${inner}${citation}</blockquote>`)
    }
    case 'code': {
      const pre = `<pre${classes('wp-block-code', className)}><code>${block.content}</code></pre>`
      return delimited('code', { className }, pre)
    }
    case 'preformatted': {
      const pre = `<pre${classes('wp-block-preformatted', className)}>${block.content}</pre>`
      return delimited('preformatted', { className }, pre)
    }
    case 'separator': {
      const names = classes('wp-block-separator', 'has-alpha-channel-opacity', className)
      return delimited('separator', { className }, `<hr${names}/>`)
    }
  }
}

function writeList({ ordered, start, items }: List, className?: string): string {
  const inner = items.map(({ content, lists }) => {
    const nested = lists.map((list) => writeList(list)).join('\n\n')
    return delimited('list-item', {}, `<li>${content}${nested}</li>`)
  })
  const tag = ordered ? 'ol' : 'ul'
  const from = start === null ? '' : ` start="${start}"`
  return delimited(
    'list',
    { ordered: ordered || undefined, start: start ?? undefined, className },
    `<${tag}${from}${classes(className)}>${inner.join('\n\n')}</${tag}>`,
  )
}

function writeTable(table: Table, className?: string): string {
  const caption =
    table.caption && `<figcaption class="wp-element-caption">${table.caption}</figcaption>`
  const figure = `<figure${classes('wp-block-table', className)}>`
  const html = `${figure}<table>${tableSections(table)}</table>${caption}</figure>`
  return delimited('table', { className }, html)
}

function tableSections({ head, body, foot }: Table): string {
  const section = (tag: string, rows: Row[]) =>
    rows.length > 0 ? `<${tag}>${rows.map(rowHtml).join('')}</${tag}>` : ''
  return section('thead', head) + section('tbody', body) + section('tfoot', foot)
}

function rowHtml(row: Row): string {
  return `<tr>${row.map(({ tag, content }) => `<${tag}>${content}</${tag}>`).join('')}</tr>`
}

function writeImage({ attachment_id: id, url, alt_text }: PlacedImage): string {
  const src = URL.parse(url)
  if (!src || !/^https?:$/.test(src.protocol)) throw new TypeError(`not an image's URL: ${url}`)
  const image = `<img src="${escapeAttribute(src.href)}" alt="${escapeAttribute(alt_text)}" class="wp-image-${id}"/>`
  return delimited(
    'image',
    { id, sizeSlug: 'large', linkDestination: 'none' },
    `<figure class="wp-block-image size-large">${image}</figure>`,
  )
}

type Attributes = Record<string, string | number | boolean | undefined>

/** Wraps the HTML of a block in its delimiters. The attributes contain no character to escape. */
function delimited(name: string, attributes: Attributes, html: string): string {
  const json = JSON.stringify(attributes)
  return `<!-- wp:${name} ${json === '{}' ? '' : `${json} `}-->\n${html}\n<!-- /wp:${name} -->`
}

function classes(...names: (string | undefined)[]): string {
  const given = names.filter((name) => name !== undefined)
  return given.length > 0 ? ` class="${given.join(' ')}"` : ''
}
