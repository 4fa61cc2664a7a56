-- Rows of uploads that have not ended: written batch by batch, so that no transaction waits for a sender.
-- Nothing of it has to survive a crash of the server, and what a killed process leaves is swept.
CREATE UNLOGGED TABLE "staged_keywords" (
	"account_id" bigint NOT NULL,
	"upload_id" uuid NOT NULL,
	"folded" text NOT NULL,
	"line" integer NOT NULL,
	"keyword" text NOT NULL,
	"volume" integer,
	"difficulty" integer,
	"intent" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "staged_keywords_account_id_upload_id_folded_pk" PRIMARY KEY("account_id","upload_id","folded")
);
--> statement-breakpoint
SELECT igny8_protect_tables();
