ALTER TABLE "run_steps" ADD COLUMN "deaths" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "run_steps" ADD COLUMN "retry_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "run_steps_pending" ON "run_steps" USING btree ("account_id","kind") WHERE state = 'pending';--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "wp_webhooks_disabled_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "wp_webhooks_disabled_reason" jsonb;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "wp_webhooks_failing_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "wp_webhooks_failures" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "wp_webhooks_try_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "wordpress_deliveries_open" ON "wordpress_deliveries" USING btree ("account_id","site_id","id") WHERE next_attempt_at is not null;--> statement-breakpoint
DROP INDEX "wordpress_deliveries_due";
