CREATE FUNCTION igny8_api_key() RETURNS bigint LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('app.api_key_id', true), '')::bigint $$;
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "api_keys_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"access" text NOT NULL,
	"site_ids" bigint[],
	"key_hash" text NOT NULL,
	"last4" text NOT NULL,
	"created_by_id" bigint,
	"expires_at" timestamp (3) with time zone,
	"last_used_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_keys_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "api_keys_hash_key" UNIQUE("account_id","key_hash")
);
--> statement-breakpoint
CREATE TABLE "invitations" (
	"account_id" bigint NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "invitations_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"email" text NOT NULL,
	"role" text NOT NULL,
	"site_ids" bigint[] NOT NULL,
	"token_hash" text NOT NULL,
	"invited_by_id" bigint,
	"user_id" bigint,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"accepted_at" timestamp (3) with time zone,
	"revoked_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "invitations_account_id_id_pk" PRIMARY KEY("account_id","id"),
	CONSTRAINT "invitations_token_hash_unique" UNIQUE("token_hash")
);
--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "api_key_id" bigint DEFAULT igny8_api_key();--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "api_key_id" bigint DEFAULT igny8_api_key();--> statement-breakpoint
CREATE UNIQUE INDEX "invitations_open" ON "invitations" USING btree ("account_id","email") WHERE accepted_at is null and revoked_at is null;--> statement-breakpoint
CREATE INDEX "audit_log_created" ON "audit_log" USING btree ("account_id","created_at" DESC NULLS LAST,"id" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "audit_log_object" ON "audit_log" USING btree ("account_id","object_type","object_id");
--> statement-breakpoint
ALTER TABLE api_keys ADD FOREIGN KEY (account_id) REFERENCES accounts (id);
ALTER TABLE invitations ADD FOREIGN KEY (account_id) REFERENCES accounts (id);
SELECT igny8_protect_tables();
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
--> statement-breakpoint
-- Sets the account, and the sites that a user of it or an API key may see, for the rest of the
-- transaction. Run as igny8_platform. What was revoked ends at once, at no round trip more: the
-- token's role must still be the user's, and the key must stand. An account that was suspended or
-- cancelled is only read, but by platform staff, the service's own jobs and what says so.
DROP FUNCTION igny8_enter(bigint, bigint, text);
CREATE FUNCTION igny8_enter(
  p_account bigint, p_user bigint, p_role text, p_key_hash text,
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
    SELECT users.role, users.is_active, users.account_id, accounts.slug, accounts.status INTO u
      FROM users JOIN accounts ON accounts.id = users.account_id WHERE users.id = p_user;
    IF NOT FOUND OR NOT u.is_active OR u.role <> p_role THEN
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
-- Status and is_active say the same.
ALTER TABLE sites NO FORCE ROW LEVEL SECURITY;
UPDATE sites SET status = 'inactive' WHERE NOT is_active AND status = 'active';
UPDATE sites SET is_active = false WHERE is_active AND status <> 'active';
ALTER TABLE sites FORCE ROW LEVEL SECURITY;
ALTER TABLE sectors NO FORCE ROW LEVEL SECURITY;
UPDATE sectors SET status = CASE WHEN is_active THEN 'active' ELSE 'inactive' END;
ALTER TABLE sectors FORCE ROW LEVEL SECURITY;
ALTER TABLE sites ADD CHECK (is_active = (status = 'active'));
ALTER TABLE sectors ADD CHECK (is_active = (status = 'active'));
--> statement-breakpoint
-- A site has at most five active sectors; who adds one to it waits for the other who does.
CREATE FUNCTION igny8_limit_active_sectors() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM sites WHERE account_id = NEW.account_id AND id = NEW.site_id FOR NO KEY UPDATE;
  IF (SELECT count(*) FROM sectors WHERE account_id = NEW.account_id AND site_id = NEW.site_id
      AND is_active AND id <> NEW.id) >= 5 THEN
    RAISE EXCEPTION 'too_many_active_sectors' USING ERRCODE = 'IG409';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER sectors_limit_active BEFORE INSERT OR UPDATE OF is_active, site_id ON sectors
  FOR EACH ROW WHEN (NEW.is_active) EXECUTE FUNCTION igny8_limit_active_sectors();
