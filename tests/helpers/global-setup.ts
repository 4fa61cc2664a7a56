import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import postgres from 'postgres'
import type { TestProject } from 'vitest/node'
import { startEmbedded } from '../../db/embedded/start-embedded.ts'
import { migrate } from '../../db/migrate.ts'
import { startBoss } from '../../server/runs/boss.ts'
import { contracts } from '../../server/runs/job-contracts.ts'
import { databaseUrl, TEMPLATE } from './database.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
  }
}

/** One PostgreSQL for the whole run, with a migrated database that `startTestService` clones. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'igny8-tests-'))
  chmodSync(dataDir, 0o755)
  const embedded = await startEmbedded({ dataDir, unsafe: true })
  const sql = postgres(embedded.url, { max: 1, onnotice: () => {} })
  await sql.unsafe(`create database ${TEMPLATE}`)
  await sql.end()
  const url = databaseUrl(embedded.url, TEMPLATE)
  await migrate(url)
  const logger = { info() {}, warn() {}, error: console.error }
  const boss = await startBoss(url, Object.values(contracts), { work: false, logger })
  await boss.stop()
  project.provide('postgresUrl', embedded.url)
  project.provide('api', process.env.TEST_API === 'edge' ? 'edge' : 'node')
  return async () => {
    await embedded.stop({ cutOff: true })
    rmSync(dataDir, { recursive: true, force: true })
  }
}
