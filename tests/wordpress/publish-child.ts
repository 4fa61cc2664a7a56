import { connect } from '../../wp-bridge/client/http/transport.ts'
import { article } from './article.ts'
import { fileIntentLog } from './file-intent-log.ts'
import { publishUntilDone } from './publish-until-done.ts'

// A process of its own that publishes one article, so that a test can kill it.
const [restRoot, username, appPassword, journalFile, key, settleMs] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
]
const api = connect({ fetch, restRoot, username, appPassword })
const post = await article(key)
process.stdout.write('publishing\n')
await publishUntilDone({
  api,
  post,
  intentLog: fileIntentLog(journalFile),
  settleMs: Number(settleMs),
})
