import { expect, it, vi } from 'vitest'
import { limitConcurrency } from '../../server/http/limit-concurrency.ts'

const LIMITS = {
  ...{ places: 2, each: 2, waiting: 10, patienceMs: 60_000, longestMs: 60_000 },
  what: 'tests are run',
}

/** Starts a piece of work of each `who`; `begun` names them as they begin. */
function start(turns: ReturnType<typeof limitConcurrency>, whos: string[]) {
  const begun: number[] = []
  const works = whos.map((who, n) => {
    const end = Promise.withResolvers<void>()
    const done = turns(who, () => {
      begun.push(n)
      return end.promise
    })
    done.catch(() => {})
    return { end, done }
  })
  return { begun, works }
}

it('runs up to the limit, and the others in order as places become free', async () => {
  const { begun, works } = start(limitConcurrency(LIMITS), ['a', 'a', 'a', 'a'])
  expect(begun).toEqual([0, 1])
  works[1]!.end.resolve()
  await works[1]!.done
  await expect.poll(() => begun).toEqual([0, 1, 2])
  works[0]!.end.reject(new Error('failed'))
  await expect(works[0]!.done).rejects.toThrow('failed')
  await expect.poll(() => begun).toEqual([0, 1, 2, 3])
})

it('protects the share of each client', async () => {
  const { begun, works } = start(limitConcurrency({ ...LIMITS, each: 1 }), [
    'a',
    'a',
    'a',
    'b',
    'c',
  ])
  expect(begun).toEqual([0, 3])
  works[3]!.end.resolve()
  await expect.poll(() => begun).toEqual([0, 3, 4])
  works[0]!.end.resolve()
  await expect.poll(() => begun).toEqual([0, 3, 4, 1])
})

it('refuses work when the queue is full or the wait was too long', async () => {
  const turns = limitConcurrency({ ...LIMITS, each: 1, waiting: 1, patienceMs: 20 })
  const { begun, works } = start(turns, ['a', 'a', 'a', 'b'])
  await expect(works[2]!.done).rejects.toMatchObject({ code: 'overloaded' })
  await expect(works[1]!.done).rejects.toMatchObject({ code: 'overloaded' })
  works[0]!.end.resolve()
  await works[0]!.done
  expect(begun).toEqual([0, 3])
  expect(await turns('a', async () => 'free again')).toBe('free again')
})

it('frees the place of work that never ended, and ignores its late end', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const turns = limitConcurrency({ ...LIMITS, places: 1, longestMs: 5_000 })
    const { begun, works } = start(turns, ['gone'])
    vi.advanceTimersByTime(5_001)
    const later = start(turns, ['a', 'b'])
    expect([begun, later.begun]).toEqual([[0], [0]])
    works[0]!.end.resolve()
    await works[0]!.done
    expect(later.begun).toEqual([0])
    later.works[0]!.end.resolve()
    await expect.poll(() => later.begun).toEqual([0, 1])
  } finally {
    vi.useRealTimers()
  }
})
