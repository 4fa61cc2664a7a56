CREATE TABLE "ai_prompts" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "ai_prompts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"prompt_type" text NOT NULL,
	"prompt_value" text,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "ai_prompts_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "ai_prompts_type_key" UNIQUE("account_id","prompt_type")
);
--> statement-breakpoint
CREATE TABLE "author_profiles" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "author_profiles_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"tone" text DEFAULT '' NOT NULL,
	"language" text DEFAULT '' NOT NULL,
	"structure_template" jsonb DEFAULT '{"sections":[]}'::jsonb NOT NULL,
	"is_default" boolean DEFAULT false NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "author_profiles_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "strategies" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "strategies_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"sector_id" bigint,
	"author_profile_id" bigint,
	"prompt_types" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"section_logic" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "strategies_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
DROP INDEX "content_ideas_cluster";--> statement-breakpoint
DROP INDEX "keywords_cluster";--> statement-breakpoint
DROP INDEX "tasks_cluster";--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "author_profile_id" bigint;--> statement-breakpoint
CREATE UNIQUE INDEX "author_profiles_default" ON "author_profiles" USING btree ("account_id") WHERE is_default;--> statement-breakpoint
CREATE INDEX "strategies_sector" ON "strategies" USING btree ("account_id","sector_id");--> statement-breakpoint
CREATE INDEX "strategies_author_profile" ON "strategies" USING btree ("account_id","author_profile_id");--> statement-breakpoint
CREATE UNIQUE INDEX "strategies_one_active" ON "strategies" USING btree ("account_id",coalesce("sector_id", 0)) WHERE is_active;--> statement-breakpoint
CREATE INDEX "tasks_author_profile" ON "tasks" USING btree ("account_id","author_profile_id");--> statement-breakpoint
CREATE INDEX "content_ideas_cluster" ON "content_ideas" USING btree ("account_id","keyword_cluster_id","site_id","sector_id");--> statement-breakpoint
CREATE INDEX "keywords_cluster" ON "keywords" USING btree ("account_id","cluster_id","site_id","sector_id");--> statement-breakpoint
CREATE INDEX "tasks_cluster" ON "tasks" USING btree ("account_id","cluster_id","site_id","sector_id");--> statement-breakpoint
ALTER TABLE "clusters" DROP COLUMN "mapped_pages";--> statement-breakpoint
ALTER TABLE "clusters" ADD CONSTRAINT "clusters_sector_key" UNIQUE("account_id","site_id","sector_id","id");--> statement-breakpoint
-- Keywords, ideas and tasks are of a cluster of their own sector only.
ALTER TABLE keywords
  DROP CONSTRAINT keywords_account_id_cluster_id_fkey,
  ADD FOREIGN KEY (account_id, site_id, sector_id, cluster_id)
    REFERENCES clusters (account_id, site_id, sector_id, id) ON DELETE SET NULL (cluster_id);
ALTER TABLE content_ideas
  DROP CONSTRAINT content_ideas_account_id_keyword_cluster_id_fkey,
  ADD FOREIGN KEY (account_id, site_id, sector_id, keyword_cluster_id)
    REFERENCES clusters (account_id, site_id, sector_id, id) ON DELETE SET NULL (keyword_cluster_id);
ALTER TABLE tasks
  DROP CONSTRAINT tasks_account_id_cluster_id_fkey,
  ADD FOREIGN KEY (account_id, site_id, sector_id, cluster_id)
    REFERENCES clusters (account_id, site_id, sector_id, id) ON DELETE SET NULL (cluster_id),
  ADD FOREIGN KEY (account_id, author_profile_id) REFERENCES author_profiles (account_id, id)
    ON DELETE SET NULL (author_profile_id);
ALTER TABLE ai_prompts ADD FOREIGN KEY (account_id) REFERENCES accounts (id);
ALTER TABLE author_profiles ADD FOREIGN KEY (account_id) REFERENCES accounts (id);
ALTER TABLE strategies
  ADD FOREIGN KEY (account_id) REFERENCES accounts (id),
  ADD FOREIGN KEY (account_id, sector_id) REFERENCES sectors (account_id, id) ON DELETE CASCADE,
  ADD FOREIGN KEY (account_id, author_profile_id) REFERENCES author_profiles (account_id, id)
    ON DELETE SET NULL (author_profile_id);
SELECT igny8_protect_tables();
-- Whose sector is on a site that was not granted is not seen: the sectors' own policy says so.
ALTER POLICY account ON strategies
  USING (account_id = (SELECT igny8_account()) AND (sector_id IS NULL OR EXISTS (
    SELECT FROM sectors s WHERE s.account_id = strategies.account_id AND s.id = strategies.sector_id)))
  WITH CHECK (account_id = (SELECT igny8_account()) AND (sector_id IS NULL OR EXISTS (
    SELECT FROM sectors s WHERE s.account_id = strategies.account_id AND s.id = strategies.sector_id)));
