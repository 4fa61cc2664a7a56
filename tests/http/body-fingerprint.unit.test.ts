import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { BodyFingerprint } from '../../server/http/body-fingerprint.ts'

const BODY = Array.from({ length: 40_000 }, (_, n) => `line ${n}\r\n`).join('')

/** Of the body with a boundary, cut at these places, its pieces added at once. */
function of(boundary: string, places: number[]): Promise<string> {
  const body = Buffer.from(`--${boundary}\r\n${BODY}--${boundary}--\r\n`)
  const taken = new BodyFingerprint('POST /x', boundary)
  const cuts = [0, ...places.map((place) => place % body.length), body.length]
  cuts.sort((a, b) => a - b)
  for (const [at, start] of cuts.slice(0, -1).entries())
    taken.add(body.subarray(start, cuts[at + 1]))
  return taken.end()
}

it('does not depend on how the bytes are split, on concurrent calls, or on the boundary', async () => {
  const whole = await of('the-boundary', [])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (places) => {
      expect(await of('another-boundary', places)).toBe(whole)
    }),
    { numRuns: 50 },
  )
})
