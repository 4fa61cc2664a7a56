import * as fs from 'node:fs'
import type { IntentEntry, IntentLog } from '../../wp-bridge/client/publish/intent-log.ts'

/** An intent log in a JSON file, durable at each write, for one process at a time. */
export function fileIntentLog(
  file: string,
): IntentLog & { entries(): Record<string, IntentEntry> } {
  const read = (): Record<string, IntentEntry> =>
    fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8'), revive) : {}
  const write = (name: string, entry: IntentEntry) => {
    const handle = fs.openSync(`${file}.new`, 'w')
    fs.writeSync(handle, JSON.stringify({ ...read(), [name]: entry }))
    fs.fsyncSync(handle)
    fs.closeSync(handle)
    fs.renameSync(`${file}.new`, file)
  }
  const nothing: IntentEntry = { intent_at: null, remote_id: null, state: {} }
  const entryOf = (name: string) => read()[name] ?? nothing
  return {
    entries: read,
    recall: async (kind, key) => entryOf(`${kind}/${key}`),
    async intend(kind, key, at, previous) {
      const entry = entryOf(`${kind}/${key}`)
      if (entry.intent_at?.getTime() !== previous?.getTime()) return false
      write(`${kind}/${key}`, { ...entry, intent_at: at, remote_id: null })
      return true
    },
    async refuse(kind, key, at, refusal) {
      const entry = entryOf(`${kind}/${key}`)
      if (entry.intent_at?.getTime() !== at.getTime()) return
      write(`${kind}/${key}`, { ...entry, state: { refusal } })
    },
    async withdraw(kind, key, at) {
      const entry = entryOf(`${kind}/${key}`)
      if (entry.intent_at?.getTime() !== at.getTime()) return
      write(`${kind}/${key}`, { ...entry, intent_at: null })
    },
    async record(kind, key, { id, state }) {
      write(`${kind}/${key}`, { intent_at: null, remote_id: id, state })
    },
  }
}

function revive(name: string, value: unknown): unknown {
  return name === 'intent_at' && typeof value === 'string' ? new Date(value) : value
}
