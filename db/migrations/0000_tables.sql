CREATE TABLE "accounts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "accounts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"owner_id" bigint,
	"plan_id" bigint NOT NULL,
	"credits" integer DEFAULT 0 NOT NULL,
	"stripe_customer_id" text,
	"status" text DEFAULT 'active' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "accounts_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "audit_log" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "audit_log_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"user_id" bigint,
	"action" text NOT NULL,
	"object_type" text,
	"object_id" bigint,
	"detail" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"request_id" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "audit_log_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "industries" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "industries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "industries_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "industry_sectors" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "industry_sectors_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"industry_id" bigint NOT NULL,
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "industry_sectors_slug_key" UNIQUE("industry_id","slug")
);
--> statement-breakpoint
CREATE TABLE "login_attempts" (
	"key_hash" text PRIMARY KEY NOT NULL,
	"failures" integer NOT NULL,
	"window_ends_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "plans" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "plans_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"price" numeric(10, 2) DEFAULT '0' NOT NULL,
	"billing_cycle" text DEFAULT 'monthly' NOT NULL,
	"features" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"max_users" integer NOT NULL,
	"max_sites" integer NOT NULL,
	"max_keywords" integer NOT NULL,
	"max_clusters" integer NOT NULL,
	"max_content_ideas" integer NOT NULL,
	"daily_cluster_limit" integer NOT NULL,
	"monthly_cluster_ai_credits" integer NOT NULL,
	"daily_content_tasks" integer NOT NULL,
	"daily_ai_requests" integer NOT NULL,
	"monthly_word_count_limit" integer NOT NULL,
	"monthly_content_ai_credits" integer NOT NULL,
	"monthly_image_count" integer NOT NULL,
	"daily_image_generation_limit" integer NOT NULL,
	"monthly_image_ai_credits" integer NOT NULL,
	"max_images_per_task" integer NOT NULL,
	"image_model_choices" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"included_credits" integer,
	"credits_per_month" integer DEFAULT 0 NOT NULL,
	"extra_credit_price" numeric(10, 4) DEFAULT '0' NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "plans_slug_unique" UNIQUE("slug")
);
--> statement-breakpoint
CREATE TABLE "refresh_tokens" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "refresh_tokens_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"user_id" bigint NOT NULL,
	"family" uuid NOT NULL,
	"token_hash" text NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "refresh_tokens_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "refresh_tokens_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
CREATE TABLE "sectors" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "sectors_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"industry_sector_id" bigint,
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sectors_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "sectors_slug_key" UNIQUE("account_id","site_id","slug"),
	CONSTRAINT "sectors_site_key" UNIQUE("account_id","site_id","id")
);
--> statement-breakpoint
CREATE TABLE "site_user_access" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "site_user_access_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"user_id" bigint NOT NULL,
	"granted_by_id" bigint,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "site_user_access_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "site_user_access_key" UNIQUE("account_id","user_id","site_id")
);
--> statement-breakpoint
CREATE TABLE "sites" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "sites_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"slug" text NOT NULL,
	"domain" text,
	"industry_id" bigint,
	"is_active" boolean DEFAULT true NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"wp_url" text,
	"wp_username" text,
	"wp_app_password" text,
	"wp_rest_root" text,
	"wp_linked_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sites_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "sites_slug_key" UNIQUE("account_id","slug")
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "users_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"account_id" bigint NOT NULL,
	"email" text NOT NULL,
	"password_hash" text NOT NULL,
	"first_name" text DEFAULT '' NOT NULL,
	"last_name" text DEFAULT '' NOT NULL,
	"role" text NOT NULL,
	"is_active" boolean DEFAULT true NOT NULL,
	"last_login_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_account_id_id_key" UNIQUE("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "credit_transactions" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "credit_transactions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"transaction_type" text NOT NULL,
	"amount" integer NOT NULL,
	"balance_after" integer NOT NULL,
	"description" text NOT NULL,
	"run_id" bigint,
	"step_id" bigint,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "credit_transactions_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "credit_transactions_once" UNIQUE("account_id","step_id","transaction_type")
);
--> statement-breakpoint
CREATE TABLE "clusters" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "clusters_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"sector_id" bigint NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"mapped_pages" integer DEFAULT 0 NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "clusters_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "content_ideas" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "content_ideas_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"sector_id" bigint NOT NULL,
	"idea_title" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"content_structure" text DEFAULT 'supporting_page' NOT NULL,
	"content_type" text DEFAULT 'blog_post' NOT NULL,
	"target_keywords" text DEFAULT '' NOT NULL,
	"keyword_cluster_id" bigint,
	"status" text DEFAULT 'new' NOT NULL,
	"estimated_word_count" integer DEFAULT 1200 NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "content_ideas_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "idea_keywords" (
	"account_id" bigint NOT NULL,
	"idea_id" bigint NOT NULL,
	"keyword_id" bigint NOT NULL,
	CONSTRAINT "idea_keywords_account_id_idea_id_keyword_id_pk" PRIMARY KEY("account_id","idea_id","keyword_id")
);
--> statement-breakpoint
CREATE TABLE "keywords" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "keywords_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"sector_id" bigint NOT NULL,
	"keyword" text NOT NULL,
	"volume" integer DEFAULT 0 NOT NULL,
	"difficulty" integer DEFAULT 0 NOT NULL,
	"intent" text DEFAULT 'informational' NOT NULL,
	"cluster_id" bigint,
	"status" text DEFAULT 'pending' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "keywords_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "integration_settings" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "integration_settings_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"integration_type" text NOT NULL,
	"config" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"api_key" text,
	"api_key_last4" text,
	"is_active" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "integration_settings_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "integration_settings_type_key" UNIQUE("account_id","integration_type")
);
--> statement-breakpoint
CREATE TABLE "run_steps" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "run_steps_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"object_id" bigint NOT NULL,
	"after_step_id" bigint,
	"state" text DEFAULT 'pending' NOT NULL,
	"price" integer DEFAULT 0 NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"retries" integer DEFAULT 0 NOT NULL,
	"worker_id" bigint,
	"params" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"result" jsonb,
	"error" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "run_steps_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "runs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint,
	"kind" text NOT NULL,
	"state" text DEFAULT 'PENDING' NOT NULL,
	"params" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"secret" text,
	"quote" integer DEFAULT 0 NOT NULL,
	"phase" text DEFAULT 'queued' NOT NULL,
	"current" integer DEFAULT 0 NOT NULL,
	"total" integer NOT NULL,
	"message" text DEFAULT '' NOT NULL,
	"request_steps" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"response_steps" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"result" jsonb,
	"error" jsonb,
	"created_by_id" bigint,
	"finished_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "runs_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "content" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "content_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"sector_id" bigint NOT NULL,
	"task_id" bigint NOT NULL,
	"html_content" text DEFAULT '' NOT NULL,
	"word_count" integer DEFAULT 0 NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "content_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "content_task_key" UNIQUE("account_id","task_id")
);
--> statement-breakpoint
CREATE TABLE "images" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "images_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"sector_id" bigint NOT NULL,
	"task_id" bigint NOT NULL,
	"image_type" text NOT NULL,
	"image_path" text NOT NULL,
	"prompt" text NOT NULL,
	"alt_text" text DEFAULT '' NOT NULL,
	"heading" text,
	"status" text DEFAULT 'generated' NOT NULL,
	"position" integer DEFAULT 0 NOT NULL,
	"width" integer NOT NULL,
	"height" integer NOT NULL,
	"content_hash" text NOT NULL,
	"provider" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "images_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "images_variant_key" UNIQUE("account_id","task_id","image_type","position")
);
--> statement-breakpoint
CREATE TABLE "task_keywords" (
	"account_id" bigint NOT NULL,
	"task_id" bigint NOT NULL,
	"keyword_id" bigint NOT NULL,
	CONSTRAINT "task_keywords_account_id_task_id_keyword_id_pk" PRIMARY KEY("account_id","task_id","keyword_id")
);
--> statement-breakpoint
CREATE TABLE "tasks" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "tasks_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"sector_id" bigint NOT NULL,
	"title" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"keywords" text DEFAULT '' NOT NULL,
	"cluster_id" bigint,
	"idea_id" bigint,
	"content_structure" text DEFAULT 'supporting_page' NOT NULL,
	"content_type" text DEFAULT 'blog_post' NOT NULL,
	"status" text DEFAULT 'queued' NOT NULL,
	"word_count" integer DEFAULT 0 NOT NULL,
	"meta_title" text DEFAULT '' NOT NULL,
	"meta_description" text DEFAULT '' NOT NULL,
	"slug" text DEFAULT '' NOT NULL,
	"excerpt" text DEFAULT '' NOT NULL,
	"publication_key" uuid DEFAULT gen_random_uuid() NOT NULL,
	"assigned_post_id" bigint,
	"post_url" text,
	"wp_status" text,
	"published_at" timestamp (3) with time zone,
	"error" jsonb,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tasks_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "wordpress_objects" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "wordpress_objects_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"site_id" bigint NOT NULL,
	"wp_rest_root" text NOT NULL,
	"kind" text NOT NULL,
	"key" text NOT NULL,
	"intent_at" timestamp (3) with time zone,
	"remote_id" bigint,
	"state" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "wordpress_objects_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "wordpress_objects_key" UNIQUE("account_id","site_id","wp_rest_root","kind","key")
);
--> statement-breakpoint
CREATE INDEX "refresh_tokens_family" ON "refresh_tokens" USING btree ("account_id","family");--> statement-breakpoint
CREATE INDEX "refresh_tokens_user" ON "refresh_tokens" USING btree ("account_id","user_id");--> statement-breakpoint
CREATE INDEX "site_user_access_site" ON "site_user_access" USING btree ("account_id","site_id");--> statement-breakpoint
CREATE UNIQUE INDEX "users_email_key" ON "users" USING btree (lower("email"));--> statement-breakpoint
CREATE INDEX "credit_transactions_created" ON "credit_transactions" USING btree ("account_id","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE UNIQUE INDEX "clusters_name_key" ON "clusters" USING btree ("account_id","site_id","sector_id",lower("name"));--> statement-breakpoint
CREATE INDEX "content_ideas_sector" ON "content_ideas" USING btree ("account_id","site_id","sector_id");--> statement-breakpoint
CREATE INDEX "content_ideas_cluster" ON "content_ideas" USING btree ("account_id","keyword_cluster_id");--> statement-breakpoint
CREATE INDEX "content_ideas_created" ON "content_ideas" USING btree ("account_id","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "idea_keywords_keyword" ON "idea_keywords" USING btree ("account_id","keyword_id");--> statement-breakpoint
CREATE UNIQUE INDEX "keywords_keyword_key" ON "keywords" USING btree ("account_id","site_id","sector_id",lower("keyword"));--> statement-breakpoint
CREATE INDEX "keywords_cluster" ON "keywords" USING btree ("account_id","cluster_id");--> statement-breakpoint
CREATE INDEX "keywords_created" ON "keywords" USING btree ("account_id","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "keywords_volume" ON "keywords" USING btree ("account_id","volume" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "run_steps_run" ON "run_steps" USING btree ("account_id","run_id");--> statement-breakpoint
CREATE INDEX "run_steps_after" ON "run_steps" USING btree ("account_id","after_step_id");--> statement-breakpoint
CREATE INDEX "run_steps_running" ON "run_steps" USING btree ("worker_id") WHERE state = 'running';--> statement-breakpoint
CREATE UNIQUE INDEX "run_steps_one_at_a_time" ON "run_steps" USING btree ("account_id","kind","object_id") WHERE state in ('waiting', 'pending', 'running');--> statement-breakpoint
CREATE INDEX "runs_site" ON "runs" USING btree ("account_id","site_id");--> statement-breakpoint
CREATE INDEX "runs_created" ON "runs" USING btree ("account_id","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "content_sector" ON "content" USING btree ("account_id","site_id","sector_id");--> statement-breakpoint
CREATE INDEX "images_sector" ON "images" USING btree ("account_id","site_id","sector_id");--> statement-breakpoint
CREATE INDEX "images_created" ON "images" USING btree ("account_id","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "task_keywords_keyword" ON "task_keywords" USING btree ("account_id","keyword_id");--> statement-breakpoint
CREATE INDEX "tasks_sector" ON "tasks" USING btree ("account_id","site_id","sector_id");--> statement-breakpoint
CREATE INDEX "tasks_cluster" ON "tasks" USING btree ("account_id","cluster_id");--> statement-breakpoint
CREATE UNIQUE INDEX "tasks_idea_key" ON "tasks" USING btree ("account_id","idea_id");--> statement-breakpoint
CREATE INDEX "tasks_created" ON "tasks" USING btree ("account_id","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);