import { GoogleError } from '../../server/google/google-error.ts'
import { RetryableError, StepError } from '../step.ts'

/**
 * Calls Google in a handler: what may succeed later is retried, except where somebody waits for the
 * answer (`retry: false`); what will not fails the step.
 */
export async function askGoogle<T>(
  call: () => Promise<T>,
  { retry = true }: { retry?: boolean } = {},
): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error
    const { code, message, retryable } = error
    throw retryable && retry
      ? new RetryableError(code, message, { cause: error })
      : new StepError(code, message, { cause: error })
  }
}
