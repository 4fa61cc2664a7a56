import { AiError } from '../server/ai/provider.ts'
import { GoogleError } from '../server/google/google-error.ts'
import { RetryableError, StepError } from './step.ts'

/**
 * Calls an AI provider or Google in a handler: what may succeed later is retried, except where somebody
 * waits for the answer (`retry: false`); what will not fails the step. Each has the code and the message
 * of what the service said.
 */
export async function askService<T>(
  call: () => Promise<T>,
  { retry = true }: { retry?: boolean } = {},
): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof AiError || error instanceof GoogleError)) throw error
    const { code, message, retryable } = error
    throw retryable && retry
      ? new RetryableError(code, message, { cause: error })
      : new StepError(code, message, { cause: error })
  }
}
