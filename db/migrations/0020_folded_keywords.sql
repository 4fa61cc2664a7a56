DROP INDEX "keywords_keyword_key";--> statement-breakpoint
ALTER TABLE "keywords" ADD COLUMN "folded" text GENERATED ALWAYS AS (lower(keyword)) STORED;--> statement-breakpoint
CREATE UNIQUE INDEX "keywords_keyword_key" ON "keywords" USING btree ("account_id","site_id","sector_id","folded");