import type http from 'node:http'
import { afterEach, expect } from 'vitest'
import { createEgress, type Egress } from '../../server/egress/egress.ts'
import { type Listening, listenHttp } from './servers.ts'

export const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo()
})

export async function serve(handler: http.RequestListener, where = {}): Promise<Listening> {
  const server = await listenHttp(handler, where)
  cleanUp.push(server.stop)
  return server
}

/** Names resolve as given, one list of addresses after the other; the last one stays. */
export function egressWith(allowPrivate: string[], names: Record<string, string[][]> = {}) {
  const asked: string[] = []
  const egress: Egress = createEgress({
    allowPrivate,
    resolve(hostname) {
      asked.push(hostname)
      const answers = names[hostname] ?? []
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      return answer
        ? Promise.resolve(answer)
        : Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))
    },
  })
  cleanUp.push(() => egress.close())
  return { ...egress, asked }
}

export function failureOf(call: Promise<unknown>) {
  return call.then(
    () => expect.unreachable('the call was answered'),
    (error) => error,
  )
}
