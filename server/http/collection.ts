import type { z } from '@hono/zod-openapi'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { Tx } from '../../db/database.ts'
import type { ObjectName } from '../observability/audit.ts'
import type { Caller, MinimumRole } from './caller.ts'
import type { Page } from './lists.ts'

export type Row = { id: number }
export type Texts = {
  summary: string
  description?: string
  /** The MCP tool that the operation is offered as. */
  tool?: string
}

/** A collection: its operations and their descriptions. */
export type Collection<R extends Row, Query extends object, New, Change> = {
  /** Such as `/keywords/`. */
  path: string
  tag: string
  /** The name of one object in the audit log and in descriptions, such as `keyword`. */
  name: ObjectName
  /** The lowest role that can read (viewer by default) and the lowest that can write. */
  read?: MinimumRole
  write: MinimumRole
  table: PgTable & { id: PgColumn }
  row: z.ZodType
  list: Texts & {
    query: z.ZodObject & z.ZodType<Query>
    /** Set if rows of the list have fewer fields than the object. */
    row?: z.ZodType
    run(tx: Tx, url: string, query: Query): Promise<Page<Row>>
  }
  /** Resolves to the object, or throws a 404. */
  get(tx: Tx, id: number): Promise<R>
  /** The MCP tool that gets one. */
  getTool?: string
  /** Resolves to the new object's id. */
  create?: Texts & {
    body: z.ZodType<New>
    /** Slow work without the database, done before the transaction begins. */
    prepare?(input: New): Promise<New>
    run(tx: Tx, caller: Caller, input: New): Promise<number>
  }
  update?: Texts & {
    body: z.ZodObject & z.ZodType<Change>
    run(tx: Tx, caller: Caller, before: R, input: Change): Promise<unknown>
    /** For an update that starts a run: waits for it after the commit. Resolves to a run that takes longer (202). */
    wait?(caller: Caller, runId: number): Promise<number | undefined>
  }
  remove?: Texts & { run(tx: Tx, caller: Caller, before: R): Promise<unknown> }
  /** Takes the locks of an update or a removal, in the same order; by default it locks the row. */
  lock?(tx: Tx, id: number): Promise<unknown>
}
