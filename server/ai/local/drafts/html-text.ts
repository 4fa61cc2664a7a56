const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it stands in element content or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/** `<tag>` around escaped text. */
export function element(tag: 'h2' | 'h3' | 'p' | 'li' | 'th' | 'td', text: string): string {
  return `<${tag}>${escapeHtml(text)}</${tag}>`
}

/** Words as a reader counts them: runs of non-spaces between the tags. */
export function countWords(html: string): number {
  return html.replace(/<[^<>]*>/g, ' ').match(/\S+/g)?.length ?? 0
}
