/** What a provider answered, and in sentences what it could not do. */
export function appendNotes(message: string, notes: string[] = []): string {
  return notes.length > 0 ? `${message}. ${notes.join(' ')}` : message
}
