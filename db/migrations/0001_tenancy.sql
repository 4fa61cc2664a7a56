-- Foreign keys. Each carries account_id, so that a reference across accounts cannot exist; where
-- one is cleared, only its own column is, or the account would go too.
ALTER TABLE accounts
  ADD FOREIGN KEY (plan_id) REFERENCES plans (id),
  ADD FOREIGN KEY (id, owner_id) REFERENCES users (account_id, id) DEFERRABLE INITIALLY DEFERRED,
  ADD CHECK (credits >= 0);
ALTER TABLE users ADD FOREIGN KEY (account_id) REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE industry_sectors ADD FOREIGN KEY (industry_id) REFERENCES industries (id);
ALTER TABLE refresh_tokens
  ADD FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE;
ALTER TABLE sites
  ADD FOREIGN KEY (account_id) REFERENCES accounts (id),
  ADD FOREIGN KEY (industry_id) REFERENCES industries (id);
ALTER TABLE sectors
  ADD FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id) ON DELETE CASCADE,
  ADD FOREIGN KEY (industry_sector_id) REFERENCES industry_sectors (id);
ALTER TABLE site_user_access
  ADD FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id) ON DELETE CASCADE,
  ADD FOREIGN KEY (account_id, user_id) REFERENCES users (account_id, id) ON DELETE CASCADE;
ALTER TABLE audit_log ADD FOREIGN KEY (account_id) REFERENCES accounts (id);
--> statement-breakpoint
-- A sector of another site cannot be named beside a site.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['clusters', 'keywords', 'content_ideas', 'tasks', 'content', 'images'] LOOP
    EXECUTE format('ALTER TABLE %I ADD FOREIGN KEY (account_id, site_id, sector_id)
      REFERENCES sectors (account_id, site_id, id) ON DELETE CASCADE', name);
  END LOOP;
END $$;
--> statement-breakpoint
ALTER TABLE keywords ADD FOREIGN KEY (account_id, cluster_id) REFERENCES clusters (account_id, id)
  ON DELETE SET NULL (cluster_id);
ALTER TABLE content_ideas ADD FOREIGN KEY (account_id, keyword_cluster_id)
  REFERENCES clusters (account_id, id) ON DELETE SET NULL (keyword_cluster_id);
ALTER TABLE idea_keywords
  ADD FOREIGN KEY (account_id, idea_id) REFERENCES content_ideas (account_id, id) ON DELETE CASCADE,
  ADD FOREIGN KEY (account_id, keyword_id) REFERENCES keywords (account_id, id) ON DELETE CASCADE;
ALTER TABLE tasks
  ADD FOREIGN KEY (account_id, cluster_id) REFERENCES clusters (account_id, id)
    ON DELETE SET NULL (cluster_id),
  ADD FOREIGN KEY (account_id, idea_id) REFERENCES content_ideas (account_id, id)
    ON DELETE SET NULL (idea_id);
ALTER TABLE task_keywords
  ADD FOREIGN KEY (account_id, task_id) REFERENCES tasks (account_id, id) ON DELETE CASCADE,
  ADD FOREIGN KEY (account_id, keyword_id) REFERENCES keywords (account_id, id) ON DELETE CASCADE;
ALTER TABLE content
  ADD FOREIGN KEY (account_id, task_id) REFERENCES tasks (account_id, id) ON DELETE CASCADE;
ALTER TABLE images
  ADD FOREIGN KEY (account_id, task_id) REFERENCES tasks (account_id, id) ON DELETE CASCADE;
ALTER TABLE wordpress_objects
  ADD FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id) ON DELETE CASCADE;
ALTER TABLE runs
  ADD FOREIGN KEY (account_id) REFERENCES accounts (id),
  ADD FOREIGN KEY (account_id, site_id) REFERENCES sites (account_id, id) ON DELETE SET NULL (site_id);
ALTER TABLE run_steps
  ADD FOREIGN KEY (account_id, run_id) REFERENCES runs (account_id, id),
  ADD FOREIGN KEY (account_id, after_step_id) REFERENCES run_steps (account_id, id),
  ADD CHECK (price >= 0);
ALTER TABLE integration_settings ADD FOREIGN KEY (account_id) REFERENCES accounts (id);
ALTER TABLE credit_transactions
  ADD FOREIGN KEY (account_id) REFERENCES accounts (id),
  ADD FOREIGN KEY (account_id, run_id) REFERENCES runs (account_id, id),
  ADD FOREIGN KEY (account_id, step_id) REFERENCES run_steps (account_id, id),
  ADD CHECK (amount >= 0);
ALTER TABLE keywords ADD CHECK (volume >= 0), ADD CHECK (difficulty BETWEEN 0 AND 100);
--> statement-breakpoint
CREATE FUNCTION igny8_account() RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('app.account_id', true), '')::bigint $$;
CREATE FUNCTION igny8_all_sites() RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT coalesce(current_setting('app.sites', true), '') = '*' $$;
CREATE FUNCTION igny8_sites() RETURNS bigint[] LANGUAGE sql STABLE AS
  $$ SELECT string_to_array(nullif(nullif(current_setting('app.sites', true), ''), '*'), ',')::bigint[] $$;
--> statement-breakpoint
-- Sets the account, and for a user of it the sites that were granted, for the rest of the
-- transaction. Run as igny8_platform. The token's role must still be the user's: what was revoked
-- ends at once, at no round trip more.
CREATE FUNCTION igny8_enter(p_account bigint, p_user bigint, p_role text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  u record;
  granted text := '*';
BEGIN
  IF p_user IS NOT NULL THEN
    SELECT users.role, users.is_active, users.account_id, accounts.slug INTO u
      FROM users JOIN accounts ON accounts.id = users.account_id WHERE users.id = p_user;
    IF NOT FOUND OR NOT u.is_active OR u.role <> p_role THEN
      RAISE EXCEPTION 'token_stale' USING ERRCODE = 'IG401';
    END IF;
    IF u.account_id <> p_account THEN
      IF u.role <> 'developer' AND u.slug NOT IN ('aws-admin', 'default-account', 'default') THEN
        RAISE EXCEPTION 'account_not_found' USING ERRCODE = 'IG404';
      END IF;
      IF NOT EXISTS (SELECT FROM accounts WHERE id = p_account) THEN
        RAISE EXCEPTION 'account_not_found' USING ERRCODE = 'IG404';
      END IF;
    ELSIF u.role IN ('editor', 'viewer') THEN
      SELECT coalesce(string_agg(site_id::text, ','), '') INTO granted
        FROM site_user_access WHERE account_id = p_account AND user_id = p_user;
    END IF;
  END IF;
  PERFORM set_config('app.account_id', p_account::text, true),
    set_config('app.user_id', coalesce(p_user::text, ''), true),
    set_config('app.sites', granted, true);
END $$;
--> statement-breakpoint
-- Row-level security and grants on every table that holds an account's rows and has them not yet:
-- each migration that adds such a table ends with `SELECT igny8_protect_tables();`.
CREATE FUNCTION igny8_protect_tables() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  t record;
  mine text;
BEGIN
  FOR t IN
    SELECT c.relname AS name,
      CASE c.relname WHEN 'accounts' THEN 'id' ELSE 'account_id' END AS account_column,
      CASE WHEN c.relname = 'sites' THEN 'id'
        WHEN EXISTS (SELECT FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attname = 'site_id' AND NOT a.attisdropped) THEN 'site_id' END
        AS site_column
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT c.relforcerowsecurity
      AND (c.relname = 'accounts' OR EXISTS (SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'account_id' AND NOT a.attisdropped))
  LOOP
    mine := format('%I = (SELECT igny8_account())', t.account_column);
    IF t.site_column IS NOT NULL THEN
      mine := mine || format(
        ' AND ((SELECT igny8_all_sites()) OR %I = ANY ((SELECT igny8_sites())::bigint[])%s)',
        t.site_column,
        CASE WHEN t.name = 'runs' THEN
          ' OR created_by_id = (SELECT nullif(current_setting(''app.user_id'', true), '''')::bigint)'
        ELSE '' END);
    END IF;
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t.name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t.name);
    EXECUTE format('CREATE POLICY account ON %I TO igny8_app USING (%s) WITH CHECK (%s)', t.name, mine, mine);
    EXECUTE format('CREATE POLICY platform ON %I TO igny8_platform USING (true) WITH CHECK (true)', t.name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO igny8_app, igny8_platform', t.name);
  END LOOP;
END $$;
SELECT igny8_protect_tables();
--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO igny8_app, igny8_platform;
GRANT SELECT ON plans, industries, industry_sectors TO igny8_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON plans, industries, industry_sectors, login_attempts
  TO igny8_platform;
REVOKE UPDATE, DELETE ON audit_log, credit_transactions FROM igny8_app, igny8_platform;
REVOKE INSERT, DELETE ON accounts FROM igny8_app;
--> statement-breakpoint
-- Live progress: whoever follows a run listens here.
CREATE FUNCTION igny8_notify_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('igny8_runs', NEW.account_id || ':' || NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER runs_notify AFTER INSERT OR UPDATE ON runs
  FOR EACH ROW EXECUTE FUNCTION igny8_notify_run();
