CREATE FUNCTION igny8_account() RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('app.account_id', true), '')::bigint $$;
CREATE FUNCTION igny8_all_sites() RETURNS boolean LANGUAGE sql STABLE AS
  $$ SELECT coalesce(current_setting('app.sites', true), '') = '*' $$;
CREATE FUNCTION igny8_sites() RETURNS bigint[] LANGUAGE sql STABLE AS
  $$ SELECT string_to_array(nullif(nullif(current_setting('app.sites', true), ''), '*'), ',')::bigint[] $$;
--> statement-breakpoint
-- Adds row-level security and grants to every tenant table that lacks them:
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
        ' AND ((SELECT igny8_all_sites()) OR %I = ANY ((SELECT igny8_sites())::bigint[]))', t.site_column);
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
-- A run that spans sites is seen by who began it: a user, or an API key.
ALTER POLICY account ON runs
  USING (account_id = (SELECT igny8_account()) AND ((SELECT igny8_all_sites())
    OR site_id = ANY ((SELECT igny8_sites())::bigint[])
    OR created_by_id = (SELECT nullif(current_setting('app.user_id', true), '')::bigint)
    OR api_key_id = (SELECT igny8_api_key())))
  WITH CHECK (account_id = (SELECT igny8_account()) AND ((SELECT igny8_all_sites())
    OR site_id = ANY ((SELECT igny8_sites())::bigint[])
    OR created_by_id = (SELECT nullif(current_setting('app.user_id', true), '')::bigint)
    OR api_key_id = (SELECT igny8_api_key())));
-- A strategy is seen by who sees its sector: the policy of sectors hides those of sites not granted.
ALTER POLICY account ON strategies
  USING (account_id = (SELECT igny8_account()) AND (sector_id IS NULL OR EXISTS (
    SELECT FROM sectors s WHERE s.account_id = strategies.account_id AND s.id = strategies.sector_id)))
  WITH CHECK (account_id = (SELECT igny8_account()) AND (sector_id IS NULL OR EXISTS (
    SELECT FROM sectors s WHERE s.account_id = strategies.account_id AND s.id = strategies.sector_id)));
-- Cascades remove rows as the tables' owner, whose triggers count them; `igny8_forget_texts` runs as it.
CREATE POLICY owner ON account_totals TO igny8_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON accounts TO igny8_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON audit_log TO igny8_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON credit_transactions TO igny8_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON usage_logs TO igny8_owner USING (true) WITH CHECK (true);
--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO igny8_app, igny8_platform;
GRANT SELECT ON plans, industries, industry_sectors TO igny8_app;
-- The sweep locks what it deletes, which takes UPDATE, to pass over rows that others hold.
GRANT SELECT, INSERT, UPDATE, DELETE
  ON plans, industries, industry_sectors, login_attempts, public_idempotency_keys TO igny8_platform;
REVOKE UPDATE, DELETE ON audit_log, credit_transactions, usage_logs FROM igny8_app, igny8_platform;
REVOKE INSERT, DELETE ON accounts FROM igny8_app;
--> statement-breakpoint
-- Sets the account, and the sites that a user of it or an API key may see, for the rest of the
-- transaction. Run as igny8_platform. What was revoked ends at once, without another round trip: the
-- token's role and version must still be the user's (a null user is not a token's), and the key must
-- stand. An account that is suspended or cancelled can only be read, except by platform staff, the
-- service's own jobs and callers that pass p_while_closed.
CREATE FUNCTION igny8_enter(
  p_account bigint, p_user bigint, p_role text, p_version integer, p_key_hash text,
  p_writes boolean, p_while_closed boolean, p_staff boolean
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  u record;
  k record;
  state text;
  staff boolean := false;
  granted text := '*';
BEGIN
  IF p_user IS NOT NULL THEN
    SELECT users.role, users.is_active, users.token_version, users.account_id, accounts.slug,
        accounts.status INTO u
      FROM users JOIN accounts ON accounts.id = users.account_id WHERE users.id = p_user;
    IF NOT FOUND OR NOT u.is_active OR u.role <> p_role OR u.token_version <> p_version THEN
      RAISE EXCEPTION 'token_stale' USING ERRCODE = 'IG401';
    END IF;
    state := u.status;
    staff := u.role = 'developer' OR u.slug IN ('aws-admin', 'default-account', 'default');
    IF p_staff AND NOT staff THEN
      RAISE EXCEPTION 'token_stale' USING ERRCODE = 'IG401';
    END IF;
    IF u.account_id <> p_account THEN
      IF NOT staff OR NOT EXISTS (SELECT FROM accounts WHERE id = p_account) THEN
        RAISE EXCEPTION 'account_not_found' USING ERRCODE = 'IG404';
      END IF;
    ELSIF u.role IN ('editor', 'viewer') THEN
      SELECT coalesce(string_agg(site_id::text, ','), '') INTO granted
        FROM site_user_access WHERE account_id = p_account AND user_id = p_user;
    END IF;
  ELSIF p_key_hash IS NOT NULL THEN
    SELECT api_keys.id, api_keys.access, api_keys.site_ids, accounts.status INTO k
      FROM api_keys JOIN accounts ON accounts.id = api_keys.account_id
      WHERE api_keys.account_id = p_account AND key_hash = p_key_hash AND revoked_at IS NULL
        AND (expires_at IS NULL OR expires_at > now());
    IF NOT FOUND THEN
      RAISE EXCEPTION 'token_stale' USING ERRCODE = 'IG401';
    END IF;
    IF p_writes AND k.access = 'read' THEN
      RAISE EXCEPTION 'key_reads' USING ERRCODE = 'IG403';
    END IF;
    state := k.status;
    IF k.site_ids IS NOT NULL THEN
      granted := array_to_string(k.site_ids, ',');
    END IF;
    PERFORM set_config('app.api_key_id', k.id::text, true);
  END IF;
  IF p_writes AND NOT p_while_closed AND NOT staff AND state IN ('suspended', 'cancelled') THEN
    RAISE EXCEPTION 'account_%', state USING ERRCODE = 'IG403';
  END IF;
  PERFORM set_config('app.account_id', p_account::text, true),
    set_config('app.user_id', coalesce(p_user::text, ''), true),
    set_config('app.role', coalesce(p_role, ''), true),
    set_config('app.sites', granted, true);
END $$;
--> statement-breakpoint
-- The audit log and the ledger only grow. Of an account that is erased they keep who did what and what
-- it cost, and no text: the one change that is made to them, and of no other account.
CREATE FUNCTION igny8_forget_texts(p_account bigint, p_limit int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  forgotten int;
  n int;
BEGIN
  IF NOT EXISTS (SELECT FROM accounts WHERE id = p_account AND status = 'cancelled'
      AND (delete_after <= now() OR erased_at IS NOT NULL)) THEN
    RAISE EXCEPTION 'account % is not to be erased', p_account;
  END IF;
  UPDATE audit_log SET detail = '{}', request_id = NULL
    WHERE account_id = p_account AND id IN (SELECT id FROM audit_log
      WHERE account_id = p_account AND (detail <> '{}' OR request_id IS NOT NULL) LIMIT p_limit);
  GET DIAGNOSTICS forgotten = ROW_COUNT;
  UPDATE usage_logs SET model = '' WHERE account_id = p_account AND id IN (SELECT id FROM usage_logs
    WHERE account_id = p_account AND model <> '' LIMIT p_limit);
  GET DIAGNOSTICS n = ROW_COUNT;
  forgotten := forgotten + n;
  UPDATE credit_transactions SET description = '' WHERE account_id = p_account AND id IN (
    SELECT id FROM credit_transactions WHERE account_id = p_account
      AND transaction_type = 'grant' AND description <> '' LIMIT p_limit);
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN forgotten + n;
END $$;
REVOKE ALL ON FUNCTION igny8_forget_texts(bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION igny8_forget_texts(bigint, int) TO igny8_platform;
