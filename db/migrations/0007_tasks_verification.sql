ALTER TABLE "tasks" ADD COLUMN "verify_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "verifications" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "tasks_verify" ON "tasks" USING btree ("verify_at") WHERE verify_at is not null;--> statement-breakpoint
CREATE INDEX wordpress_connections_user ON wordpress_connections (account_id, created_by_id);
CREATE INDEX wordpress_connections_run ON wordpress_connections (account_id, run_id);
