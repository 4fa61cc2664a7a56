import { expect, it } from 'vitest'
import { until } from './until.ts'

it('returns the first truthy result', async () => {
  const results = [undefined, null, 0, '', false, 'here', 'too late']
  expect(await until(async () => results.shift(), { what: 'the result' })).toBe('here')
  expect(results).toEqual(['too late'])
})

it('names what did not happen in time', async () => {
  const never = until(() => false, { what: 'the impossible', within: 200 })
  await expect(never).rejects.toThrow('the impossible did not happen within 0.2 s')
})

it('passes on what the probe throws', async () => {
  const failing = () => Promise.reject(new Error('refused'))
  await expect(until(failing, { what: 'the answer' })).rejects.toThrow('refused')
})
