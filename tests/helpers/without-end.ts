import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** What takes time that grows with the square of a megabyte takes minutes or hours; the rest, a second. */
const LIMIT_MS = 60_000

/** Calls the function with one text after the other, and tells after each. */
const THREAD = `
const { workerData: { url, name }, parentPort } = require('node:worker_threads')
import(url).then((module) => {
  if (typeof module[name] !== 'function') throw new TypeError(url + ' exports no ' + name + '()')
  parentPort.on('message', (text) => {
    // An error is an answer too: only what takes too long has none.
    try { module[name](text) } catch (error) { return parentPort.postMessage(error.name) }
    parentPort.postMessage('done')
  })
})`

/**
 * Calls an exported function of a module with each of the texts in a thread, and returns those that it
 * did not come back from within a minute, by name. What it throws counts as coming back.
 */
export async function neverAnswered(
  module: string,
  name: string,
  texts: Record<string, string>,
): Promise<string[]> {
  const url = new URL(module, import.meta.url).href
  const start = () => new Worker(THREAD, { eval: true, workerData: { url, name } })
  const late: string[] = []
  let worker = start()
  for (const [what, text] of Object.entries(texts)) {
    worker.postMessage(text)
    const patience = AbortSignal.timeout(LIMIT_MS)
    const isDone = await once(worker, 'message', { signal: patience }).then(
      () => true,
      (error: unknown) => {
        if (patience.aborted) return false
        throw error
      },
    )
    if (isDone) continue
    late.push(`${name} for ${what}`)
    await worker.terminate()
    worker = start()
  }
  await worker.terminate()
  return late
}
