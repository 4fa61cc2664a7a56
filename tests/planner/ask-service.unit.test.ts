import { expect, test } from 'vitest'
import { askService } from '../../jobs/handlers/ask-service.ts'
import { RetryableError, StepError } from '../../jobs/steps/step.ts'
import { AiError } from '../../server/ai/provider.ts'
import { GoogleError } from '../../server/google/google-error.ts'

const failing = (error: Error) => askService(() => Promise.reject(error))

test.each([
  [true, RetryableError],
  [false, StepError],
])(
  'a failure of a service whose retryable is %s becomes the step error for it',
  async (retryable, type) => {
    for (const Failure of [AiError, GoogleError]) {
      const cause = new Failure('ai_rate_limited', 'It is busy.', { retryable })
      const error = await failing(cause).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(type)
      expect(error).toMatchObject({ code: 'ai_rate_limited', message: 'It is busy.', cause })
    }
  },
)

test('does not retry a failure if somebody waits for the result', async () => {
  const cause = new AiError('ai_rate_limited', 'It is busy.', { retryable: true })
  const waited = askService(() => Promise.reject(cause), { retry: false })
  await expect(waited).rejects.toBeInstanceOf(StepError)
})

test('passes other errors through', async () => {
  const error = new TypeError('a bug')
  await expect(failing(error)).rejects.toBe(error)
})
