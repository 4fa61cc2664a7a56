type Node = { [key: string]: unknown }

/** What OpenAI's strict mode takes, by its documentation of supported schemas. */
const KNOWN = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'enum',
  'const',
  'anyOf',
  'description',
  'title',
])

/** Why OpenAI would answer 400 to a schema in strict mode; empty when it would not. */
export function strictSchemaProblems(schema: unknown): string[] {
  const root = schema as Node
  return [
    ...(root.type === 'object' ? [] : ['the root is not an object']),
    ...problemsOf(root, '$'),
  ]
}

function problemsOf(node: Node, path: string): string[] {
  const problems = Object.keys(node)
    .filter((key) => !KNOWN.has(key))
    .map((key) => `${path}: ${key} is not supported`)
  const properties = (node.properties ?? {}) as Record<string, Node>
  if (node.type === 'object') {
    const required = JSON.stringify([...((node.required ?? []) as string[])].sort())
    if (node.additionalProperties !== false) problems.push(`${path}: is open`)
    if (required !== JSON.stringify(Object.keys(properties).sort())) {
      problems.push(`${path}: not all is required`)
    }
  }
  const children: [string, Node][] = [
    ...Object.entries(properties),
    ...(node.items ? [['items', node.items as Node] as [string, Node]] : []),
    ...((node.anyOf ?? []) as Node[]).map((each): [string, Node] => ['anyOf', each]),
  ]
  return [...problems, ...children.flatMap(([name, child]) => problemsOf(child, `${path}.${name}`))]
}
