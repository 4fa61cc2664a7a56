import { keepSession } from '../../db/session.ts'

/** Notifies subscribers when a run changes. */
export type RunEvents = {
  /** Calls `onChange` after each change of the run, until the returned function is called. */
  subscribe(accountId: number, runId: number, onChange: () => void): () => void
}

/** Listens to the trigger on `runs` over one LISTEN connection per process, which reconnects when it is lost. */
export async function listenToRuns(url: string): Promise<RunEvents & { stop(): Promise<void> }> {
  const followers = new Map<string, Set<() => void>>()
  const tell = (key: string) => {
    for (const onChange of followers.get(key) ?? []) onChange()
  }
  const session = keepSession(url, {
    name: 'igny8-listener',
    async setUp(sql) {
      await sql`listen igny8_runs`
      // Notifications may have been lost while disconnected, so every subscriber reads its run again.
      for (const key of followers.keys()) tell(key)
    },
    onNotify: (_, key) => tell(key),
  })
  await session.ready
  return {
    subscribe(accountId, runId, onChange) {
      const key = `${accountId}:${runId}`
      const set = followers.get(key) ?? new Set()
      followers.set(key, set.add(onChange))
      return () => {
        set.delete(onChange)
        if (set.size === 0) followers.delete(key)
      }
    },
    stop: session.stop,
  }
}
