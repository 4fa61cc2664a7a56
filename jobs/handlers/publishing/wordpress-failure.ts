import { ArticleLimitError } from '../../../wp-bridge/client/blocks/article-tree.ts'
import { WordPressError } from '../../../wp-bridge/client/http/errors.ts'
import { PollLater, RetryableError, StepError } from '../../steps/step.ts'

/**
 * Runs a call to WordPress and turns its failure into the error by which the worker decides: retry,
 * poll later or fail the step. Pass `retry: false` where somebody waits for the answer.
 */
export async function askWordPress<T>(
  call: () => Promise<T>,
  { retry = true }: { retry?: boolean } = {},
): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ArticleLimitError) {
      throw new StepError(error.code, error.message, { cause: error })
    }
    if (!(error instanceof WordPressError)) throw error
    const { code, retryable, retryAfterMs } = error
    const message = `${error.message} ${error.remedy}`
    if (!retry) throw new StepError(code, message, { cause: error })
    if (retryable && retryAfterMs !== undefined) {
      const { spendsAttempt: spendsRetry } = error
      throw new PollLater(code, message, retryAfterMs, { spendsRetry, cause: error })
    }
    throw retryable
      ? new RetryableError(code, message, { cause: error })
      : new StepError(code, message, { cause: error })
  }
}
