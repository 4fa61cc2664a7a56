import { sql } from 'drizzle-orm'
import {
  bigint,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import { at, id, ref, reference, timestamps } from './columns.ts'
import { runs } from './runs.ts'
import { sites } from './sites.ts'

/** The ids of received webhooks, so that a repeated one has no effect. */
export const bridge_events = pgTable(
  'bridge_events',
  {
    account_id: ref().notNull(),
    id: id(),
    site_id: ref().notNull(),
    webhook_id: text().notNull(),
    type: text().notNull(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id, t.site_id], [sites.account_id, sites.id]).onDelete('cascade'),
    unique('bridge_events_webhook_key').on(t.account_id, t.site_id, t.webhook_id),
    index('bridge_events_created').on(t.created_at),
  ],
)

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const
export const DELIVERY_KINDS = ['webhook', 'publish'] as const
/**
 * One exchange with the site: `status` is that of the answer, null without one; `ms` is how long it
 * took. Of a webhook the request is the delivery's payload.
 */
export type DeliveryAttempt = {
  at: string
  status: number | null
  answer: string
  ms: number
  method?: string
  path?: string
  request?: string
}

/** Webhooks for a site's plugin, and attempts to publish there, with their results. */
export const wordpress_deliveries = pgTable(
  'wordpress_deliveries',
  {
    account_id: ref().notNull(),
    id: id(),
    site_id: ref().notNull(),
    kind: text({ enum: DELIVERY_KINDS }).notNull().default('webhook'),
    webhook_id: uuid().notNull().defaultRandom(),
    type: text().notNull(),
    payload: jsonb().$type<Record<string, unknown>>().notNull(),
    /** The task that it is about; null when it is about the site. */
    task_id: bigint({ mode: 'number' }).generatedAlwaysAs(
      sql`coalesce(payload ->> 'task_id', payload -> 'data' ->> 'task_id')::bigint`,
    ),
    state: text({ enum: DELIVERY_STATES }).notNull().default('pending'),
    attempts: integer().notNull().default(0),
    /** The earliest time of the next attempt, after earlier deliveries of the site; null when no attempt follows. */
    next_attempt_at: at().defaultNow(),
    log: jsonb().$type<DeliveryAttempt[]>().notNull().default([]),
    delivered_at: at(),
    ...timestamps,
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id, t.site_id], [sites.account_id, sites.id]).onDelete('cascade'),
    index('wordpress_deliveries_site').on(t.account_id, t.site_id, t.id.desc()),
    index('wordpress_deliveries_task').on(t.account_id, t.task_id, t.id.desc()),
    index('wordpress_deliveries_open')
      .on(t.account_id, t.site_id, t.id)
      .where(sql`next_attempt_at is not null`),
    index('wordpress_deliveries_created').on(t.created_at),
  ],
)

/** A one-click link in progress: WordPress's callback must return the state, once, before it expires. */
export const wordpress_connections = pgTable(
  'wordpress_connections',
  {
    account_id: ref().notNull(),
    id: id(),
    site_id: ref().notNull(),
    created_by_id: ref().notNull(),
    /** SHA-256 of the state in hexadecimal. */
    state_hash: text().notNull().unique(),
    wp_url: text().notNull(),
    expires_at: at().notNull(),
    /** When WordPress answered. Without a run, the person refused. */
    answered_at: at(),
    /** The run that checks WordPress's answer. */
    run_id: ref(),
    created_at: at().notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.account_id, t.id] }),
    reference([t.account_id, t.site_id], [sites.account_id, sites.id]).onDelete('cascade'),
    reference([t.account_id, t.run_id], [runs.account_id, runs.id]),
    index('wordpress_connections_site').on(t.account_id, t.site_id),
    index('wordpress_connections_run').on(t.account_id, t.run_id),
    index('wordpress_connections_expires').on(t.expires_at),
  ],
)
