import { keepSession } from '../../db/session.ts'

/** Tells followers of a run that it changed. */
export type RunEvents = {
  /** Calls `onChange` after each change of the run, until the returned function is called. */
  subscribe(accountId: number, runId: number, onChange: () => void): () => void
}

/** Over one LISTEN connection of the process, which is made again when it is lost; the trigger on `runs` notifies. */
export async function listenToRuns(url: string): Promise<RunEvents & { stop(): Promise<void> }> {
  const followers = new Map<string, Set<() => void>>()
  const tell = (key: string) => {
    for (const onChange of followers.get(key) ?? []) onChange()
  }
  const session = keepSession(url, {
    name: 'igny8-listener',
    async setUp(sql) {
      await sql`listen igny8_runs`
      // While it was away something may have been missed: everybody looks again.
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
