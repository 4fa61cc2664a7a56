export type IntentKind = 'post' | 'attachment' | 'category' | 'tag'

/** What is known of an object in WordPress. */
export interface IntentEntry {
  /** When the last request to create it was about to be sent, unless that is known to be undone. */
  intent_at: Date | null
  remote_id: number | null
  state: Record<string, unknown>
}

/**
 * Where publishing keeps what it must not forget. Each write is durable when its promise resolves,
 * and throws when its caller has been replaced by another worker.
 */
export interface IntentLog {
  /** An entry of nulls for what was never heard of. */
  recall(kind: IntentKind, key: string): Promise<IntentEntry>
  /**
   * Notes that a create is about to be sent and forgets `remote_id`, provided that `intent_at` is
   * still `previous`.
   * @returns false, with nothing written, when it is not: another worker was faster
   */
  intend(kind: IntentKind, key: string, at: Date, previous: Date | null): Promise<boolean>
  /**
   * Notes how the request of `at` was refused, in place of what was known of the object. The intent
   * stays, as its outcome may be another one after all.
   */
  refuse(kind: IntentKind, key: string, at: Date, refusal: Record<string, unknown>): Promise<void>
  /** Takes back the intent of `at`, whose request certainly created nothing. */
  withdraw(kind: IntentKind, key: string, at: Date): Promise<void>
  /** Notes the object that exists, and clears the intent. */
  record(
    kind: IntentKind,
    key: string,
    remote: { id: number; state: Record<string, unknown> },
  ): Promise<void>
}
