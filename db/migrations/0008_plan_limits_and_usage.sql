CREATE TABLE "account_totals" (
	"account_id" bigint NOT NULL,
	"metric" text NOT NULL,
	"used" integer NOT NULL,
	CONSTRAINT "account_totals_account_id_metric_pk" PRIMARY KEY("account_id","metric")
);
--> statement-breakpoint
CREATE TABLE "usage_counters" (
	"account_id" bigint NOT NULL,
	"metric" text NOT NULL,
	"period_start" date NOT NULL,
	"used" integer NOT NULL,
	CONSTRAINT "usage_counters_account_id_metric_period_start_pk" PRIMARY KEY("account_id","metric","period_start")
);
--> statement-breakpoint
CREATE TABLE "usage_logs" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "usage_logs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" bigint NOT NULL,
	"step_id" bigint NOT NULL,
	"operation" text NOT NULL,
	"provider" text NOT NULL,
	"model" text NOT NULL,
	"tokens_in" integer NOT NULL,
	"tokens_out" integer NOT NULL,
	"images" integer NOT NULL,
	"words" integer NOT NULL,
	"duration_ms" integer NOT NULL,
	"cost" integer NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "usage_logs_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "usage_logs_step" UNIQUE("account_id","step_id")
);
--> statement-breakpoint
ALTER TABLE "accounts" ADD COLUMN "renews_at" timestamp (3) with time zone DEFAULT now() + interval '1 month' NOT NULL;--> statement-breakpoint
ALTER TABLE "credit_transactions" ADD COLUMN "reference" text;--> statement-breakpoint
ALTER TABLE "run_steps" ADD COLUMN "reserved" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
CREATE INDEX "usage_logs_run" ON "usage_logs" USING btree ("account_id","run_id");--> statement-breakpoint
CREATE INDEX "usage_logs_created" ON "usage_logs" USING btree ("account_id","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
ALTER TABLE "credit_transactions" ADD CONSTRAINT "credit_transactions_reference" UNIQUE("account_id","reference");--> statement-breakpoint
ALTER TABLE account_totals ADD FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE;
ALTER TABLE usage_counters ADD FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE;
ALTER TABLE usage_logs
  ADD FOREIGN KEY (account_id) REFERENCES accounts (id),
  ADD FOREIGN KEY (account_id, run_id) REFERENCES runs (account_id, id),
  ADD FOREIGN KEY (account_id, step_id) REFERENCES run_steps (account_id, id);
SELECT igny8_protect_tables();
-- A cascade removes rows as the tables' owner, whose triggers count them.
CREATE POLICY owner ON account_totals TO igny8_owner USING (true) WITH CHECK (true);
REVOKE UPDATE, DELETE ON usage_logs FROM igny8_app, igny8_platform;
CREATE INDEX accounts_renews ON accounts (renews_at);
--> statement-breakpoint
CREATE FUNCTION igny8_refuse_over_limit(p_account bigint, p_metric text, p_used bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE allowed int;
BEGIN
  SELECT (to_jsonb(plans) ->> p_metric)::int INTO allowed
    FROM accounts JOIN plans ON plans.id = accounts.plan_id WHERE accounts.id = p_account;
  IF p_used > allowed THEN
    RAISE EXCEPTION 'plan_limit_reached' USING ERRCODE = 'IG429',
      DETAIL = json_build_object('limit', p_metric, 'limit_value', allowed, 'used', p_used)::text;
  END IF;
END $$;
--> statement-breakpoint
-- Keywords, clusters and ideas are many: their number is kept, a row an account, which also makes
-- those who add some at once wait for one another. The trigger's argument is the plan's limit.
CREATE FUNCTION igny8_count_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  r record;
  total int;
BEGIN
  FOR r IN SELECT account_id, count(*)::int AS n FROM changed GROUP BY account_id ORDER BY account_id LOOP
    INSERT INTO account_totals AS t (account_id, metric, used) VALUES (r.account_id, TG_ARGV[0], r.n)
      ON CONFLICT (account_id, metric) DO UPDATE SET used = t.used + r.n RETURNING t.used INTO total;
    PERFORM igny8_refuse_over_limit(r.account_id, TG_ARGV[0], total);
  END LOOP;
  RETURN NULL;
END $$;
CREATE FUNCTION igny8_count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE account_totals t SET used = t.used - r.n
    FROM (SELECT account_id, count(*)::int AS n FROM changed GROUP BY account_id) r
    WHERE t.account_id = r.account_id AND t.metric = TG_ARGV[0];
  RETURN NULL;
END $$;
DO $$
DECLARE t record;
BEGIN
  FOR t IN SELECT * FROM (VALUES ('keywords', 'max_keywords'), ('clusters', 'max_clusters'),
      ('content_ideas', 'max_content_ideas')) AS counted (name, metric) LOOP
    EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION igny8_count_added(%L)', t.name || '_added', t.name, t.metric);
    EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS changed
      FOR EACH STATEMENT EXECUTE FUNCTION igny8_count_removed(%L)', t.name || '_removed', t.name, t.metric);
    EXECUTE format('ALTER TABLE %I NO FORCE ROW LEVEL SECURITY', t.name);
    ALTER TABLE account_totals NO FORCE ROW LEVEL SECURITY;
    EXECUTE format('INSERT INTO account_totals SELECT account_id, %L, count(*) FROM %I GROUP BY 1', t.metric, t.name);
    ALTER TABLE account_totals FORCE ROW LEVEL SECURITY;
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.name);
  END LOOP;
END $$;
--> statement-breakpoint
-- Users (those who may sign in) and sites are few: they are counted when one is added.
CREATE FUNCTION igny8_limit_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM accounts WHERE id = NEW.account_id FOR NO KEY UPDATE;
  PERFORM igny8_refuse_over_limit(NEW.account_id, 'max_users',
    (SELECT count(*) FROM users WHERE account_id = NEW.account_id AND is_active));
  RETURN NULL;
END $$;
CREATE TRIGGER users_limit AFTER INSERT OR UPDATE OF is_active ON users
  FOR EACH ROW WHEN (NEW.is_active) EXECUTE FUNCTION igny8_limit_users();
CREATE FUNCTION igny8_limit_sites() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM accounts WHERE id = NEW.account_id FOR NO KEY UPDATE;
  PERFORM igny8_refuse_over_limit(NEW.account_id, 'max_sites',
    (SELECT count(*) FROM sites WHERE account_id = NEW.account_id));
  RETURN NULL;
END $$;
CREATE TRIGGER sites_limit AFTER INSERT ON sites FOR EACH ROW EXECUTE FUNCTION igny8_limit_sites();
