import postgres from 'postgres'

/** Tells followers of a run that it changed. */
export type RunEvents = {
  /** Calls `onChange` after each change of the run, until the returned function is called. */
  subscribe(accountId: number, runId: number, onChange: () => void): () => void
}

/** Over one LISTEN connection of the process; the trigger on `runs` notifies. */
export async function listenToRuns(
  databaseUrl: string,
): Promise<RunEvents & { stop(): Promise<void> }> {
  const sql = postgres(databaseUrl, {
    max: 1,
    onnotice: () => {},
    connection: { application_name: 'igny8-events' },
  })
  const followers = new Map<string, Set<() => void>>()
  const tell = (key: string) => {
    for (const onChange of followers.get(key) ?? []) onChange()
  }
  // After a reconnect something may have been missed: everybody looks again.
  const everyone = () => {
    for (const key of followers.keys()) tell(key)
  }
  await sql.listen('igny8_runs', tell, everyone)
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
    stop: () => sql.end({ timeout: 1 }),
  }
}
