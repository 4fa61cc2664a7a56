import { AiError } from '../../server/ai/provider.ts'
import { GoogleError } from '../../server/google/google-error.ts'
import { ArticleLimitError } from '../../wp-bridge/client/blocks/article-tree.ts'
import { RetryableError, StepError } from '../steps/step.ts'

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
    const isTold =
      error instanceof AiError || error instanceof GoogleError || error instanceof ArticleLimitError
    if (!isTold) throw error
    const { code, message, retryable } = error
    throw retryable && retry
      ? new RetryableError(code, message, { cause: error })
      : new StepError(code, message, { cause: error })
  }
}
