import { expect, test } from 'vitest'
import { takeTurns } from '../../server/planner/turns.ts'

test('so many run at once, and the others begin in their order as places become free', async () => {
  const turn = takeTurns(2)
  const begun: number[] = []
  const works = Array.from({ length: 4 }, (_, n) => {
    const end = Promise.withResolvers<number>()
    const done = turn(() => {
      begun.push(n)
      return end.promise
    })
    return { end, done }
  })
  expect(begun).toEqual([0, 1])
  works[1]!.end.resolve(1)
  await works[1]!.done
  expect(begun).toEqual([0, 1, 2])
  works[0]!.end.reject(new Error('failed'))
  await expect(works[0]!.done).rejects.toThrow('failed')
  expect(begun).toEqual([0, 1, 2, 3])
})
