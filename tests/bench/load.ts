/** What a load found: requests a second, and milliseconds at the median and the 99th percentile. */
export type Load = { rps: number; p50: number; p99: number }

const CONNECTIONS = 8

/** Sends requests one after the other on each of eight connections; a failed one ends it. */
export async function load(seconds: number, send: () => Promise<Response>): Promise<Load> {
  const took: number[] = []
  const ends = performance.now() + seconds * 1000
  async function one(): Promise<void> {
    while (performance.now() < ends) {
      const began = performance.now()
      const response = await send()
      const text = await response.text()
      if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 300)}`)
      took.push(performance.now() - began)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: CONNECTIONS }, one))
  const elapsed = (performance.now() - began) / 1000
  took.sort((a, b) => a - b)
  const at = (share: number) => took[Math.floor(took.length * share)] ?? 0
  return { rps: took.length / elapsed, p50: at(0.5), p99: at(0.99) }
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
