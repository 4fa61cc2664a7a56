/**
 * Runs steps of this process concurrently, or one of them alone. They start in the order of arrival, so that
 * none starves: an exclusive step waits for those before it, and those after it wait for its end.
 */
export class ReadWriteLock {
  #running = 0
  #alone = false
  readonly #waiting: { alone: boolean; begin: () => void }[] = []

  async run<T>({ alone }: { alone: boolean }, fn: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin) => {
      this.#waiting.push({ alone, begin })
      this.#admit()
    })
    try {
      return await fn()
    } finally {
      this.#running--
      if (alone) this.#alone = false
      this.#admit()
    }
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting
      if (!next || this.#alone || (next.alone && this.#running > 0)) return
      this.#waiting.shift()
      this.#running++
      this.#alone = next.alone
      next.begin()
    }
  }
}
