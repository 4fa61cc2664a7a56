ALTER TABLE "integration_settings" ADD COLUMN "client_secret" text;--> statement-breakpoint
ALTER TABLE "integration_settings" ADD COLUMN "client_secret_last4" text;--> statement-breakpoint
ALTER TABLE "integration_settings" ADD COLUMN "refresh_token" text;--> statement-breakpoint
ALTER TABLE "integration_settings" ADD COLUMN "refresh_token_last4" text;--> statement-breakpoint
ALTER TABLE "integration_settings" ADD COLUMN "oauth_state" jsonb;