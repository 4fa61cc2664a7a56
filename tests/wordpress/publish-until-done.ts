import { setTimeout as delay } from 'node:timers/promises'
import { WordPressError } from '../../wp-bridge/client/http/errors.ts'
import { type PublishRequest, publishPost } from '../../wp-bridge/client/publish/publish.ts'
import type { Receipt } from '../../wp-bridge/client/publish/receipt.ts'

/** Publishes as a job does: comes back for as long as the error says that it may. */
export async function publishUntilDone(request: PublishRequest): Promise<Receipt> {
  const errors: string[] = []
  while (errors.length < 30) {
    try {
      return await publishPost(request)
    } catch (error) {
      if (!(error instanceof WordPressError) || !error.retryable) throw error
      errors.push(error.message)
      await delay(error.retryAfterMs ?? 100)
    }
  }
  throw new Error(`gave up:\n${errors.join('\n')}`)
}
