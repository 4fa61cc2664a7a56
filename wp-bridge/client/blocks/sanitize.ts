import { articleBlocks, type Block, type List, type Row, type Table } from './article-blocks.ts'
import { articleTree } from './article-tree.ts'
import { shownText } from './inline.ts'

/**
 * HTML that nobody vouched for as the HTML of an article: headings (h2 to h4), paragraphs, lists,
 * tables, quotes, code and separators with plain inline markup, each on a line of its own. Links
 * lead to http, https, mailto or a path of the site itself; no image, style, script, comment, form
 * or embedded page is left, and what looks like a shortcode shows and does nothing. Sanitising
 * twice changes nothing.
 * @throws ArticleLimitError for HTML that `articleTree` refuses
 */
export function sanitize(html: string): string {
  return articleBlocks(articleTree(html)).map(blockHtml).join('\n')
}

/** What is read of an article: its blocks' text, parted by empty lines. */
export function articleText(html: string): string {
  return articleBlocks(articleTree(html)).map(blockText).filter(Boolean).join('\n\n')
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${block.content}</h${block.level}>`
    case 'paragraph':
      return `<p>${block.content}</p>`
    case 'list':
      return listHtml(block)
    case 'table':
      return tableHtml(block)
    case 'quote': {
      const citation = block.citation && `<cite>${block.citation}</cite>`
      return `<blockquote>${block.blocks.map(blockHtml).join('')}${citation}</blockquote>`
    }
    case 'code':
      return `<pre><code>${block.content}</code></pre>`
    case 'preformatted':
      return `<pre>${block.content}</pre>`
    case 'separator':
      return '<hr>'
  }
}

function listHtml({ ordered, start, items }: List): string {
  const tag = ordered ? 'ol' : 'ul'
  const inner = items.map(
    ({ content, lists }) => `<li>${content}${lists.map(listHtml).join('')}</li>`,
  )
  return `<${tag}${start === null ? '' : ` start="${start}"`}>${inner.join('')}</${tag}>`
}

function tableHtml(table: Table): string {
  const caption = table.caption && `<caption>${table.caption}</caption>`
  return `<table>${caption}${tableSections(table)}</table>`
}

/** The sections of a table that have rows, as the block editor writes them too. */
export function tableSections({ head, body, foot }: Table): string {
  const section = (tag: string, rows: Row[]) =>
    rows.length > 0 ? `<${tag}>${rows.map(rowHtml).join('')}</${tag}>` : ''
  return section('thead', head) + section('tbody', body) + section('tfoot', foot)
}

function rowHtml(row: Row): string {
  return `<tr>${row.map(({ tag, content }) => `<${tag}>${content}</${tag}>`).join('')}</tr>`
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'separator':
      return ''
    case 'list':
      return listText(block)
    case 'quote':
      return [...block.blocks.map(blockText), shownText(block.citation)]
        .filter(Boolean)
        .join('\n\n')
    case 'table': {
      const rows = [...block.head, ...block.body, ...block.foot]
      const cells = rows.map((row) => row.map(({ content }) => shownText(content)).join('\t'))
      return [shownText(block.caption), ...cells].filter(Boolean).join('\n')
    }
    default:
      return shownText(block.content)
  }
}

function listText({ items }: List): string {
  const lines = items.flatMap(({ content, lists }) => [shownText(content), ...lists.map(listText)])
  return lines.filter(Boolean).join('\n')
}
