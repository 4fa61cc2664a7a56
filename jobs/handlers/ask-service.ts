import { AiError } from '../../server/ai/provider.ts'
import { GoogleError } from '../../server/google/google-error.ts'
import { ArticleLimitError } from '../../wp-bridge/client/blocks/article-tree.ts'
import { RetryableError, StepError } from '../steps/step.ts'

/**
 * Calls an AI provider or Google in a handler. Temporary errors are retried, unless somebody waits for the
 * result (`retry: false`); other errors fail the step. Errors keep the code and the message of the service.
 */
export async function askService<T>(
  call: () => Promise<T>,
  { retry = true }: { retry?: boolean } = {},
): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const isServiceError =
      error instanceof AiError || error instanceof GoogleError || error instanceof ArticleLimitError
    if (!isServiceError) throw error
    const { code, message, retryable } = error
    throw retryable && retry
      ? new RetryableError(code, message, { cause: error })
      : new StepError(code, message, { cause: error })
  }
}
