CREATE TABLE "idempotency_keys" (
	"account_id" bigint NOT NULL,
	"actor" text NOT NULL,
	"key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"status" integer NOT NULL,
	"headers" jsonb NOT NULL,
	"body" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_account_id_actor_key_pk" PRIMARY KEY("account_id","actor","key")
);
--> statement-breakpoint
CREATE TABLE "public_idempotency_keys" (
	"address" text NOT NULL,
	"key" text NOT NULL,
	"fingerprint" text NOT NULL,
	"status" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "public_idempotency_keys_address_key_pk" PRIMARY KEY("address","key")
);
--> statement-breakpoint
CREATE INDEX "idempotency_keys_created" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "public_idempotency_keys_created" ON "public_idempotency_keys" USING btree ("created_at");--> statement-breakpoint
ALTER TABLE idempotency_keys ADD FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE;
SELECT igny8_protect_tables();
GRANT SELECT, INSERT, DELETE ON public_idempotency_keys TO igny8_platform;
