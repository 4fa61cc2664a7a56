-- Live progress: followers of a run listen on this channel.
CREATE FUNCTION igny8_notify_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('igny8_runs', NEW.account_id || ':' || NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER runs_notify AFTER INSERT OR UPDATE ON runs
  FOR EACH ROW EXECUTE FUNCTION igny8_notify_run();
--> statement-breakpoint
-- A site has at most five active sectors. Locking the site makes concurrent changes wait for one another.
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
-- Keywords, clusters and ideas are many, so their number is kept in one row an account, which also
-- makes concurrent inserts wait for one another. The trigger's argument is the plan's limit.
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
CREATE TRIGGER keywords_added AFTER INSERT ON keywords REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION igny8_count_added('max_keywords');
CREATE TRIGGER keywords_removed AFTER DELETE ON keywords REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION igny8_count_removed('max_keywords');
CREATE TRIGGER clusters_added AFTER INSERT ON clusters REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION igny8_count_added('max_clusters');
CREATE TRIGGER clusters_removed AFTER DELETE ON clusters REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION igny8_count_removed('max_clusters');
CREATE TRIGGER content_ideas_added AFTER INSERT ON content_ideas REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION igny8_count_added('max_content_ideas');
CREATE TRIGGER content_ideas_removed AFTER DELETE ON content_ideas REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION igny8_count_removed('max_content_ideas');
--> statement-breakpoint
-- Users who may sign in and sites are few, so they are counted when one is added.
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
--> statement-breakpoint
-- An approval covers the current version of the article. Any change of what reaches WordPress revokes it: a
-- text of the task, its cluster (the category of its post), its keywords (the tags), its content or its images.
CREATE FUNCTION igny8_take_approval_back() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER tasks_approval BEFORE UPDATE ON tasks
  FOR EACH ROW EXECUTE FUNCTION igny8_take_approval_back();
--> statement-breakpoint
CREATE FUNCTION igny8_take_approval_of_task_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_row record := COALESCE(NEW, OLD);
BEGIN
  UPDATE tasks SET approved_at = NULL, approved_by = NULL
    WHERE account_id = v_row.account_id AND id = v_row.task_id AND approved_at IS NOT NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER content_approval AFTER INSERT OR UPDATE OF html_content OR DELETE ON content
  FOR EACH ROW EXECUTE FUNCTION igny8_take_approval_of_task_back();
CREATE TRIGGER images_approval AFTER INSERT OR UPDATE OR DELETE ON images
  FOR EACH ROW EXECUTE FUNCTION igny8_take_approval_of_task_back();
CREATE TRIGGER task_keywords_approval AFTER INSERT OR DELETE ON task_keywords
  FOR EACH ROW EXECUTE FUNCTION igny8_take_approval_of_task_back();
--> statement-breakpoint
-- Renaming a category or a tag changes each of its tasks: their entity tags change, and the row locks order
-- the renaming before or after an approval.
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
-- A foreign key deletes as the owner, who sees no rows, so the trigger on the links does nothing then.
CREATE TRIGGER keywords_gone BEFORE DELETE ON keywords
  FOR EACH ROW EXECUTE FUNCTION igny8_note_changed_keyword();
--> statement-breakpoint
-- Publications that wait for a slot are assigned one by the new drip settings.
CREATE FUNCTION igny8_space_publications_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE run_steps SET not_before = NULL
    FROM tasks
    WHERE run_steps.account_id = NEW.account_id AND kind = 'publish' AND state = 'pending'
      AND not_before IS NOT NULL
      AND tasks.account_id = NEW.account_id AND tasks.id = object_id AND tasks.site_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER sites_drip AFTER UPDATE OF publish_per_day, publish_from, publish_until, time_zone ON sites
  FOR EACH ROW WHEN ((OLD.publish_per_day, OLD.publish_from, OLD.publish_until, OLD.time_zone)
    IS DISTINCT FROM (NEW.publish_per_day, NEW.publish_from, NEW.publish_until, NEW.time_zone))
  EXECUTE FUNCTION igny8_space_publications_anew();
