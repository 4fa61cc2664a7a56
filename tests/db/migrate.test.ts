import postgres from 'postgres'
import { expect, inject, it } from 'vitest'
import { migrate } from '../../db/migrate.ts'
import { cloneTemplate } from '../helpers/database.ts'

it('waits while a table is in use, and continues once it is free', async () => {
  const url = await cloneTemplate(inject('postgresUrl'))
  const other = postgres(url, { max: 1, onnotice: () => {} })
  const blocked = Promise.withResolvers<void>()
  let migrated: Promise<void> | undefined
  try {
    await other.begin(async (tx) => {
      await tx`lock table plans in access exclusive mode`
      migrated = migrate(url, { blocked: blocked.resolve, lockMs: 200 })
      await blocked.promise
    })
    await expect(migrated).resolves.toBeUndefined()
  } finally {
    await other.end()
  }
})
