/** Adds to a message, as sentences, what a provider could not do. */
export function appendNotes(message: string, notes: string[] = []): string {
  return notes.length > 0 ? `${message}. ${notes.join(' ')}` : message
}
