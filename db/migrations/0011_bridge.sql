CREATE TABLE "bridge_events" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "bridge_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"webhook_id" text NOT NULL,
	"type" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "bridge_events_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "bridge_events_webhook_key" UNIQUE("account_id","site_id","webhook_id")
);
--> statement-breakpoint
CREATE TABLE "wordpress_deliveries" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "wordpress_deliveries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"webhook_id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"type" text NOT NULL,
	"payload" jsonb NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp (3) with time zone DEFAULT now(),
	"log" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"delivered_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "wordpress_deliveries_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
ALTER TABLE "sites" ADD COLUMN "wp_bridge_keys" text;--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "wp_edited_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "wordpress_deliveries_site" ON "wordpress_deliveries" USING btree ("account_id","site_id","id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "wordpress_deliveries_due" ON "wordpress_deliveries" USING btree ("next_attempt_at") WHERE next_attempt_at is not null;--> statement-breakpoint
ALTER TABLE bridge_events
  ADD FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id) ON DELETE CASCADE;
ALTER TABLE wordpress_deliveries
  ADD FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id) ON DELETE CASCADE;
SELECT igny8_protect_tables();
