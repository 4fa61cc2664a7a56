import { type Attack, assertAlive, HoleError } from './attack.ts'

export const callerAttacks: Attack[] = [
  {
    name: 'sends 40 MB to the import without a token',
    async run(target) {
      let sent = 0
      const chunk = new Uint8Array(1024 * 1024).fill(0x61)
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (sent === 40) return controller.close()
          sent++
          controller.enqueue(chunk)
        },
      })
      const response = await fetch(`${target.url}/api/v1/planner/keywords/import_csv/`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        duplex: 'half',
      } as RequestInit).catch(() => undefined)
      await assertAlive(target)
      // What the sockets between buffer is taken as well.
      if (sent > 12) throw new HoleError(`${sent} of 40 MB were taken`)
      return `answered ${response?.status ?? 'by closing'} after ${sent} of 40 MB`
    },
  },
]
