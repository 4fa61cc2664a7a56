import { AiError } from '../server/ai/provider.ts'
import { RetryableError, StepError } from './step.ts'

/**
 * Calls a provider in a handler: what may succeed later is retried, except where somebody waits for
 * the answer (`retry: false`); what will not fails the step. Each has the provider's code and message.
 */
export async function askProvider<T>(
  call: () => Promise<T>,
  { retry = true }: { retry?: boolean } = {},
): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw error instanceof AiError ? stepFailure(error, retry) : error
  }
}

function stepFailure(error: AiError, retry: boolean): RetryableError | StepError {
  const { code, message, retryable } = error
  return retryable && retry
    ? new RetryableError(code, message, { cause: error })
    : new StepError(code, message, { cause: error })
}
