import type { Sql } from 'postgres'

/** Tells followers of a run that it changed. */
export type RunEvents = {
  /** Calls `onChange` after each change of the run, until the returned function is called. */
  subscribe(accountId: number, runId: number, onChange: () => void): () => void
}

/** Over one LISTEN connection of the process; the trigger on `runs` notifies. */
export async function listenToRuns(sql: Sql): Promise<RunEvents & { stop(): Promise<void> }> {
  const followers = new Map<string, Set<() => void>>()
  const tell = (key: string) => {
    for (const onChange of followers.get(key) ?? []) onChange()
  }
  // After a reconnect something may have been missed: everybody looks again.
  const everyone = () => {
    for (const key of followers.keys()) tell(key)
  }
  const { unlisten } = await sql.listen('igny8_runs', tell, everyone)
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
    stop: unlisten,
  }
}
