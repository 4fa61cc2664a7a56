import type { SSEStreamingApi } from 'hono/streaming'
import type { Deps } from '../deps.ts'
import type { Caller } from '../http/caller.ts'
import { getProgress, isOver } from './run-progress.ts'

/** Proxies close connections that are idle for longer. */
const KEEP_ALIVE_MS = 15_000

/** Streams the progress of a run, at once and after each change, until it ends or the client disconnects. */
export async function followRun(
  deps: Deps,
  caller: Caller,
  runId: number,
  stream: SSEStreamingApi,
): Promise<void> {
  let changed = Promise.withResolvers<'changed' | 'silent'>()
  const unsubscribe = deps.runEvents.subscribe(caller.accountId, runId, () =>
    changed.resolve('changed'),
  )
  stream.onAbort(() => changed.resolve('changed'))
  const timer = setInterval(() => changed.resolve('silent'), KEEP_ALIVE_MS)
  let sent = ''
  try {
    while (!stream.aborted) {
      // Renewed before the read, so that no change in between is missed.
      changed = Promise.withResolvers()
      const progress = await deps.database.withAccount(
        caller.scope,
        (tx) => getProgress(tx, runId),
        {
          readOnly: true,
        },
      )
      const data = JSON.stringify(progress)
      if (data !== sent) await stream.writeSSE({ event: 'progress', data })
      sent = data
      if (isOver(progress)) return
      if ((await changed.promise) === 'silent') await stream.write(': still here\n\n')
    }
  } finally {
    clearInterval(timer)
    unsubscribe()
  }
}
