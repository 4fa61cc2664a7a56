ALTER TABLE "sites" ADD COLUMN "wp_paused_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "wp_pause_reason" jsonb;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "wp_probe_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "wp_probes" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "requires_approval" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "publish_per_day" integer;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "publish_from" text DEFAULT '00:00' NOT NULL;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "publish_until" text DEFAULT '24:00' NOT NULL;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "time_zone" text DEFAULT 'UTC' NOT NULL;--> statement-breakpoint
ALTER TABLE "run_steps" ADD COLUMN "held" text;--> statement-breakpoint
ALTER TABLE "run_steps" ADD COLUMN "not_before" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "approved_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "approved_by" text;--> statement-breakpoint
CREATE INDEX "sites_probe" ON "sites" USING btree ("wp_probe_at") WHERE wp_probe_at is not null;--> statement-breakpoint
-- timezone() refuses a name that this server does not know.
ALTER TABLE sites ADD CONSTRAINT sites_drip_check CHECK (
  publish_per_day BETWEEN 1 AND 1000
  AND publish_from ~ '^([01][0-9]|2[0-3]):[0-5][0-9]$'
  AND publish_until ~ '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'
  AND publish_from < publish_until
  AND timezone(time_zone, timestamptz '2000-01-01Z') IS NOT NULL);
--> statement-breakpoint
-- An approval is of the article as it stood: whatever changes a word or an image of it takes it back.
CREATE FUNCTION igny8_take_approval_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.approved_at IS NOT DISTINCT FROM OLD.approved_at
    AND (NEW.title, NEW.slug, NEW.excerpt, NEW.meta_title, NEW.meta_description)
      IS DISTINCT FROM (OLD.title, OLD.slug, OLD.excerpt, OLD.meta_title, OLD.meta_description)
  THEN
    NEW.approved_at := NULL;
    NEW.approved_by := NULL;
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER tasks_approval BEFORE UPDATE ON tasks
  FOR EACH ROW EXECUTE FUNCTION igny8_take_approval_back();
--> statement-breakpoint
CREATE FUNCTION igny8_take_approval_of_task_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_row record := COALESCE(NEW, OLD);
BEGIN
  UPDATE tasks SET approved_at = NULL, approved_by = NULL
    WHERE account_id = v_row.account_id AND id = v_row.task_id AND approved_at IS NOT NULL;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER content_approval AFTER INSERT OR UPDATE OF html_content OR DELETE ON content
  FOR EACH ROW EXECUTE FUNCTION igny8_take_approval_of_task_back();
--> statement-breakpoint
CREATE TRIGGER images_approval AFTER INSERT OR UPDATE OR DELETE ON images
  FOR EACH ROW EXECUTE FUNCTION igny8_take_approval_of_task_back();
--> statement-breakpoint
-- What waits for its slot gets one of the new drip.
CREATE FUNCTION igny8_space_publications_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE run_steps SET not_before = NULL
    FROM tasks
    WHERE run_steps.account_id = NEW.account_id AND kind = 'publish' AND state = 'pending'
      AND not_before IS NOT NULL
      AND tasks.account_id = NEW.account_id AND tasks.id = object_id AND tasks.site_id = NEW.id;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER sites_drip AFTER UPDATE OF publish_per_day, publish_from, publish_until, time_zone ON sites
  FOR EACH ROW WHEN ((OLD.publish_per_day, OLD.publish_from, OLD.publish_until, OLD.time_zone)
    IS DISTINCT FROM (NEW.publish_per_day, NEW.publish_from, NEW.publish_until, NEW.time_zone))
  EXECUTE FUNCTION igny8_space_publications_anew();
