import { readConfig } from '../../server/config.ts'
import { startService } from '../../server/main.ts'

/** The service as `server/main.ts` starts it, but for how long it waits for an unknown outcome. */
const service = await startService(readConfig(process.env), {
  settleMs: Number(process.env.TEST_SETTLE_MS),
})
console.log(`igny8 listening on ${service.url}`)
