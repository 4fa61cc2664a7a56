import { expect, test } from 'vitest'
import { askProvider } from '../../jobs/ai-failure.ts'
import { RetryableError, StepError } from '../../jobs/step.ts'
import { AiError } from '../../server/ai/provider.ts'

const failing = (error: Error) => askProvider(() => Promise.reject(error))

test.each([
  [true, RetryableError],
  [false, StepError],
])(
  'a failure of the provider whose retryable is %s becomes the step error for it',
  async (retryable, type) => {
    const cause = new AiError('ai_rate_limited', 'The provider is busy.', { retryable })
    const error = await failing(cause).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(type)
    expect(error).toMatchObject({
      code: 'ai_rate_limited',
      message: 'The provider is busy.',
      cause,
    })
  },
)

test('any other failure stays what it is', async () => {
  const error = new TypeError('a bug')
  await expect(failing(error)).rejects.toBe(error)
})
