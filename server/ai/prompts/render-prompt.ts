const PLACEHOLDER = /\{([a-z_]+)\}/g

/** Numbers stand in the text as they are; all else is the user's data. */
export type PromptValues = Record<string, unknown>

/**
 * Fills a template for a chat model. Data goes in as JSON in an element of its own, escaped so that
 * nothing in it can close that element: whatever a keyword says, it stays data. What the template
 * has no placeholder for is added at its end, so that an edited template loses nothing; a
 * placeholder that is not known stays as it is.
 */
export function renderPrompt(template: string, values: PromptValues): string {
  const placed = new Set<string>()
  const text = template.replace(PLACEHOLDER, (placeholder, name: string) => {
    if (!Object.hasOwn(values, name)) return placeholder
    placed.add(name)
    return dataOf(name, values[name])
  })
  const rest = Object.keys(values).filter((name) => !placed.has(name))
  const added = rest.map((name) => `${name}: ${dataOf(name, values[name])}`)
  return [text, ...added].join('\n\n')
}

/** Fills a template for an image model, which reads plain words: one line a value, no markup. */
export function renderImagePrompt(template: string, values: Record<string, string>): string {
  return template
    .replace(PLACEHOLDER, (placeholder, name: string) =>
      Object.hasOwn(values, name) ? values[name]!.replace(/\s+/g, ' ').trim() : placeholder,
    )
    .trim()
}

function dataOf(name: string, value: unknown): string {
  if (typeof value === 'number') return String(value)
  return `<${name}>\n${jsonOf(value)}\n</${name}>`
}

/** One line an item, since models lose their place in long lines. */
function jsonOf(value: unknown): string {
  const json = Array.isArray(value)
    ? `[\n${value.map((item) => JSON.stringify(item)).join(',\n')}\n]`
    : JSON.stringify(value)
  return json.replaceAll('<', '\\u003c').replaceAll('>', '\\u003e')
}
