import { AiError } from '../server/ai/provider.ts'
import { RetryableError, StepError } from './step.ts'

/**
 * Calls a provider in a handler: what may succeed later is retried, what will not fails the step,
 * each with the provider's code and message.
 */
export async function askProvider<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw error instanceof AiError ? stepFailure(error) : error
  }
}

function stepFailure(error: AiError): RetryableError | StepError {
  const { code, message, retryable } = error
  return retryable
    ? new RetryableError(code, message, { cause: error })
    : new StepError(code, message, { cause: error })
}
