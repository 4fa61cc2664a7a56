/** Normalises a name: NFC, trimmed, single spaces. */
export function oneLine(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim()
}

/** Names of the original system's comma-separated lists. */
export function splitNames(list: string): string[] {
  return [...new Set(list.split(',').map(oneLine))].filter(Boolean)
}

export function joinNames(names: string[]): string {
  return names.join(', ')
}
