export type IntentKind = 'post' | 'attachment' | 'category' | 'tag'

/** What is known of an object in WordPress. */
export interface IntentEntry {
  /** When the last create was about to be sent, unless it is known to have created nothing. */
  intent_at: Date | null
  remote_id: number | null
  state: Record<string, unknown>
}

/**
 * Stores what publishing must remember. Each write is durable when its promise resolves, and throws
 * when another worker has replaced the caller.
 */
export interface IntentLog {
  /** Returns an entry of nulls for an unknown object. */
  recall(kind: IntentKind, key: string): Promise<IntentEntry>
  /**
   * Records that a create is about to be sent and clears `remote_id`, if `intent_at` is still
   * `previous`.
   * @returns false, without writing, when another worker was faster
   */
  intend(kind: IntentKind, key: string, at: Date, previous: Date | null): Promise<boolean>
  /**
   * Records how the request of `at` was refused, in place of the state. Keeps the intent, because
   * the outcome may still turn out to be another one.
   */
  refuse(kind: IntentKind, key: string, at: Date, refusal: Record<string, unknown>): Promise<void>
  /** Removes the intent of `at`, whose request certainly created nothing. */
  withdraw(kind: IntentKind, key: string, at: Date): Promise<void>
  /** Records the object that exists, and clears the intent. */
  record(
    kind: IntentKind,
    key: string,
    remote: { id: number; state: Record<string, unknown> },
  ): Promise<void>
}
