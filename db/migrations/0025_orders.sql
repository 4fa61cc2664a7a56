-- Access tokens end with the sign-ins of their user: each carries the version that the user had.
ALTER TABLE "users" ADD COLUMN "token_version" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- As of when the plugin, or an answer of WordPress, last told how a post stands.
ALTER TABLE "tasks" ADD COLUMN "wp_told_at" timestamp (3) with time zone;--> statement-breakpoint
-- Platform staff begin connections in accounts that are not theirs.
ALTER TABLE wordpress_connections
  DROP CONSTRAINT wordpress_connections_account_id_created_by_id_fkey;
DROP INDEX wordpress_connections_user;
--> statement-breakpoint
-- The same as before, and the token's version must still be the user's. Null: not a token's.
DROP FUNCTION igny8_enter(bigint, bigint, text, text, boolean, boolean, boolean);
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
-- What reaches WordPress of a task itself: its cluster is the category of its post.
CREATE OR REPLACE FUNCTION igny8_take_approval_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.approved_at IS NOT DISTINCT FROM OLD.approved_at
    AND (NEW.title, NEW.slug, NEW.excerpt, NEW.meta_title, NEW.meta_description, NEW.cluster_id)
      IS DISTINCT FROM
      (OLD.title, OLD.slug, OLD.excerpt, OLD.meta_title, OLD.meta_description, OLD.cluster_id)
  THEN
    NEW.approved_at := NULL;
    NEW.approved_by := NULL;
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
-- Its keywords are the tags.
CREATE TRIGGER task_keywords_approval AFTER INSERT OR DELETE ON task_keywords
  FOR EACH ROW EXECUTE FUNCTION igny8_take_approval_of_task_back();
--> statement-breakpoint
-- A category or a tag has another name: each of its tasks counts as changed, so that an approval waits for
-- it, or it for the approval, and the task's entity tag becomes another.
CREATE FUNCTION igny8_note_renamed_cluster() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM tasks WHERE account_id = NEW.account_id AND cluster_id = NEW.id
    ORDER BY id FOR NO KEY UPDATE;
  UPDATE tasks SET approved_at = NULL, approved_by = NULL, updated_at = clock_timestamp()
    WHERE account_id = NEW.account_id AND cluster_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER clusters_approval AFTER UPDATE OF name ON clusters
  FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
  EXECUTE FUNCTION igny8_note_renamed_cluster();
CREATE FUNCTION igny8_note_changed_keyword() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_row record := COALESCE(NEW, OLD);
BEGIN
  PERFORM FROM tasks WHERE account_id = v_row.account_id AND id IN
    (SELECT task_id FROM task_keywords WHERE account_id = v_row.account_id AND keyword_id = v_row.id)
    ORDER BY id FOR NO KEY UPDATE;
  UPDATE tasks SET approved_at = NULL, approved_by = NULL, updated_at = clock_timestamp()
    WHERE account_id = v_row.account_id AND id IN
    (SELECT task_id FROM task_keywords WHERE account_id = v_row.account_id AND keyword_id = v_row.id);
  RETURN v_row;
END $$;
CREATE TRIGGER keywords_approval AFTER UPDATE OF keyword ON keywords
  FOR EACH ROW WHEN (OLD.keyword IS DISTINCT FROM NEW.keyword)
  EXECUTE FUNCTION igny8_note_changed_keyword();
-- What a foreign key deletes, it deletes as the owner, who sees no rows: the trigger of the links does nothing.
CREATE TRIGGER keywords_gone BEFORE DELETE ON keywords
  FOR EACH ROW EXECUTE FUNCTION igny8_note_changed_keyword();
