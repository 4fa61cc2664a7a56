/**
 * `{title}` is a placeholder, `{{title}}` the text "{title}"; all other braces are text, so that a
 * template can show JSON as it is.
 */
const PLACEHOLDER = /\{\{([a-z][a-z0-9_]*)\}\}|\{([a-z][a-z0-9_]*)\}/g

/** Numbers stand in the text as they are; all else is the user's data. Undefined: there is none. */
export type PromptValues = Record<string, unknown>

/** The names of a template's placeholders, each once. */
export function placeholdersIn(template: string): string[] {
  return [...new Set([...template.matchAll(PLACEHOLDER)].flatMap(([, , name]) => name ?? []))]
}

/**
 * Fills a template for a chat model. Data goes in as JSON in an element of its own, escaped so that
 * nothing in it can close that element: whatever a keyword says, it stays data. What the template
 * has no placeholder for is added at its end under its words in `labels`, so that an edited template
 * loses nothing; a placeholder that is not known stays as it is.
 */
export function renderPrompt(
  template: string,
  labels: Record<string, string>,
  values: PromptValues,
): string {
  const text = replaced(template, (name) =>
    Object.hasOwn(values, name) ? dataOf(name, values[name] ?? null) : undefined,
  )
  const placed = new Set(placeholdersIn(template))
  const rest = Object.keys(values).filter((name) => !placed.has(name) && values[name] !== undefined)
  const added = rest.map((name) => `${labels[name] ?? name}:\n${dataOf(name, values[name])}`)
  return [text, ...added].join('\n\n')
}

/** Fills a template for an image model, which reads plain words: one line a value, no markup. */
export function renderImagePrompt(template: string, values: Record<string, string>): string {
  return replaced(template, (name) =>
    Object.hasOwn(values, name) ? values[name]!.replace(/\s+/g, ' ').trim() : undefined,
  ).trim()
}

function replaced(template: string, textFor: (name: string) => string | undefined): string {
  return template.replace(PLACEHOLDER, (found, escaped?: string, name?: string) =>
    escaped ? `{${escaped}}` : (textFor(name!) ?? found),
  )
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
