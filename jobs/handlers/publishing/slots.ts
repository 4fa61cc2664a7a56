import { sql } from 'drizzle-orm'
import type { Tx } from '../../../db/database.ts'

/** SQL for a row of `tasks`: true if igny8 sent the request that creates its post and does not know the outcome. */
export const MAY_BE_THERE = sql<boolean>`exists (select from wordpress_objects o
  where o.account_id = tasks.account_id and o.site_id = tasks.site_id and o.kind = 'post'
    and o.key = tasks.publication_key::text and o.intent_at is not null and o.remote_id is null)`

/**
 * A slot that was missed by more is skipped. The publication gets the next one, so that they do not
 * pile up.
 */
const TOLERANCE_MINUTES = 15

/**
 * Assigns each waiting publication of a site a slot of the site’s drip, in the order of the
 * requests: `publish_per_day` a day, evenly spread from `publish_from` to `publish_until` by the
 * clock in `time_zone`, also on days of 23 or 25 hours. A publication may move to an earlier slot
 * that became free. The caller has locked the row of the site.
 */
export async function assignSlots(tx: Tx, siteId: number): Promise<void> {
  await tx.execute(sql`
    with site as (
      select account_id, publish_per_day as n, requires_approval, time_zone as zone,
        publish_from::time as opens, publish_until::time as closes,
        (now() at time zone time_zone)::date as today
      from sites where id = ${siteId}
    ), publications as (
      select s.id, s.run_id, (s.params ->> 'place')::int as place, s.state, s.not_before as slot,
        s.held is null and not ${MAY_BE_THERE} and s.params ->> 'status' = 'publish'
          and tasks.wp_status is distinct from 'publish'
          and (tasks.approved_at is not null or not site.requires_approval)
          and s.state in ('pending', 'running')
          and (s.not_before is null or s.not_before > now()
            or s.not_before < now() - ${TOLERANCE_MINUTES} * interval '1 minute') as waits
      from site join tasks on tasks.account_id = site.account_id and tasks.site_id = ${siteId}
        join run_steps s on s.account_id = tasks.account_id and s.object_id = tasks.id
      where s.kind = 'publish' and s.state in ('pending', 'running', 'succeeded')
    ), waiting as (
      select id, row_number() over (order by slot nulls last, run_id, place, id) as nth
      from publications where waits
    ), taken as (
      select slot from publications, site
      where not waits and slot >= (site.today - 1)::timestamp at time zone site.zone
    ), days as (
      select day::date as day, (day::date + opens) at time zone zone as start,
        (day::date + closes) at time zone zone as stop
      from site, generate_series(today::timestamp,
        today + ((select count(*) from taken) + (select count(*) from waiting))::int / n + 3,
        interval '1 day') as day
    ), slots as (
      select day, start + (i * (stop - start)) / n as slot
      from site, days, generate_series(0, n - 1) as i
      where stop > start
    ), open as (
      select slot, row_number() over (partition by day order by slot) as nth_of_day,
        n - (select count(*) from taken where (taken.slot at time zone zone)::date = day) as left_today
      from site, slots
      where slot > now() and not exists (select from taken where taken.slot = slots.slot)
    ), free as (
      select slot, row_number() over (order by slot) as nth from open where nth_of_day <= left_today
    )
    update run_steps set not_before = free.slot
    from waiting join free using (nth), site
    where run_steps.account_id = site.account_id and run_steps.id = waiting.id
      and run_steps.not_before is distinct from free.slot`)
}
