CREATE TABLE "wordpress_connections" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "wordpress_connections_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"created_by_id" bigint NOT NULL,
	"state_hash" text NOT NULL,
	"wp_url" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"answered_at" timestamp (3) with time zone,
	"run_id" bigint,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "wordpress_connections_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "wordpress_connections_state_hash_unique" UNIQUE("state_hash")
);
--> statement-breakpoint
ALTER TABLE wordpress_connections
  ADD FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id) ON DELETE CASCADE,
  ADD FOREIGN KEY (account_id, created_by_id) REFERENCES users (account_id, id) ON DELETE CASCADE,
  ADD FOREIGN KEY (account_id, run_id) REFERENCES runs (account_id, id);
CREATE INDEX wordpress_connections_site ON wordpress_connections (account_id, site_id);
SELECT igny8_protect_tables();
