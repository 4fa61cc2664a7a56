import { Worker } from 'node:worker_threads'

/** What takes time that grows with the square of a megabyte takes minutes or hours; the rest, a second. */
const LIMIT_MS = 60_000

/**
 * Calls an exported function of a module with each of the arguments in a thread of its own, and returns
 * those that it did not come back from within a minute, by name. What it throws counts as coming back.
 */
export async function neverAnswered(
  module: string,
  name: string,
  inputs: Record<string, string>,
): Promise<string[]> {
  const late: string[] = []
  for (const [input, text] of Object.entries(inputs)) {
    if (!(await answers(module, name, text))) late.push(`${name} for ${input}`)
  }
  return late
}

async function answers(module: string, name: string, text: string): Promise<boolean> {
  const worker = new Worker(
    `const { workerData: { url, name, text } } = require('node:worker_threads')
     import(url).then((module) => { try { module[name](text) } catch {} })`,
    { eval: true, workerData: { url: new URL(module, import.meta.url).href, name, text } },
  )
  const ended = Promise.withResolvers<boolean>()
  const patience = setTimeout(() => ended.resolve(false), LIMIT_MS)
  worker.once('error', ended.reject)
  worker.once('exit', () => ended.resolve(true))
  const isOver = await ended.promise.finally(() => clearTimeout(patience))
  await worker.terminate()
  return isOver
}
