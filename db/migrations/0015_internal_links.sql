CREATE TABLE "internal_links" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "internal_links_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"sector_id" bigint NOT NULL,
	"from_task_id" bigint NOT NULL,
	"to_task_id" bigint NOT NULL,
	"url" text,
	"dismissed_url" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "internal_links_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "internal_links_pair" UNIQUE("account_id","from_task_id","to_task_id")
);
--> statement-breakpoint
CREATE INDEX "internal_links_to" ON "internal_links" USING btree ("account_id","to_task_id");--> statement-breakpoint
CREATE INDEX "internal_links_sector" ON "internal_links" USING btree ("account_id","site_id","sector_id");--> statement-breakpoint
ALTER TABLE internal_links
  ADD FOREIGN KEY (account_id, site_id, sector_id) REFERENCES sectors (account_id, site_id, id) ON DELETE CASCADE,
  ADD FOREIGN KEY (account_id, from_task_id) REFERENCES tasks (account_id, id) ON DELETE CASCADE,
  ADD FOREIGN KEY (account_id, to_task_id) REFERENCES tasks (account_id, id) ON DELETE CASCADE;
SELECT igny8_protect_tables();
