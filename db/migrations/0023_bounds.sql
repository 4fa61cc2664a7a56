-- Balances of any plan and any number of cycles. JavaScript counts exactly up to 2^53 - 1; the
-- service itself grants up to 10^12 (`MAX_BALANCE`).
ALTER TABLE accounts
  ALTER COLUMN credits TYPE bigint,
  ADD CONSTRAINT accounts_credits_exact CHECK (credits <= 9007199254740991);
ALTER TABLE credit_transactions
  ALTER COLUMN amount TYPE bigint,
  ALTER COLUMN balance_after TYPE bigint;
--> statement-breakpoint
-- What is swept by age is found by an index.
CREATE INDEX login_attempts_window ON login_attempts (window_ends_at);
CREATE INDEX refresh_tokens_expires ON refresh_tokens (expires_at);
CREATE INDEX invitations_expires ON invitations (expires_at);
CREATE INDEX wordpress_connections_expires ON wordpress_connections (expires_at);
CREATE INDEX bridge_events_created ON bridge_events (created_at);
CREATE INDEX wordpress_deliveries_created ON wordpress_deliveries (created_at);
CREATE INDEX staged_keywords_created ON staged_keywords (created_at);
CREATE INDEX usage_counters_period ON usage_counters (period_start);
CREATE INDEX runs_probes ON runs (finished_at) WHERE kind IN ('connect_gsc', 'discover_wordpress',
  'examine_wordpress', 'link_wordpress', 'probe_wordpress', 'test_connection', 'unlink_wordpress',
  'verify_post');
--> statement-breakpoint
-- Which files steps have made, and which a test of an image provider has.
CREATE INDEX run_steps_made ON run_steps (id) WHERE made IS NOT NULL;
CREATE INDEX run_steps_test_image ON run_steps ((result ->> 'image_url')) WHERE kind = 'test_image';
--> statement-breakpoint
-- The audit log and the ledger only grow. Of an account that is erased they keep who did what and what
-- it cost, and no text: the one change that is made to them, and of no other account.
CREATE POLICY owner ON audit_log TO igny8_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON usage_logs TO igny8_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON credit_transactions TO igny8_owner USING (true) WITH CHECK (true);
CREATE POLICY owner ON accounts TO igny8_owner USING (true) WITH CHECK (true);
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
--> statement-breakpoint
-- What the sweep deletes it locks, to pass over what others hold.
GRANT UPDATE ON public_idempotency_keys TO igny8_platform;
