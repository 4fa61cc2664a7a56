import type { EgressError } from './error.ts'

/**
 * Passes a body on and counts its decoded bytes, so that a small response which decompresses to a
 * large one stops at the limit. Past the limit the body fails with the error of `tooLarge`, or ends
 * if it returns none. `onFailure` converts errors of the stream for the reader. `onEnd` is called
 * once, however the body ends.
 */
export function cappedBody(
  body: ReadableStream<Uint8Array>,
  limit: {
    maxBytes: number
    tooLarge: () => EgressError | undefined
    onFailure: (error: unknown) => unknown
    onEnd: () => void
  },
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  let received = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error) => {
          limit.onEnd()
          throw limit.onFailure(error)
        })
        const room = limit.maxBytes - received
        received += value?.byteLength ?? 0
        if (received > limit.maxBytes) {
          limit.onEnd()
          const error = limit.tooLarge()
          if (error) controller.error(error)
          else {
            if (room > 0) controller.enqueue(value!.subarray(0, room))
            controller.close()
          }
          return reader.cancel()
        }
        if (!done) return controller.enqueue(value)
        limit.onEnd()
        controller.close()
      },
      async cancel(reason) {
        limit.onEnd()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
