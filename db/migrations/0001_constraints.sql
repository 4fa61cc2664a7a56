-- What Drizzle cannot express. DEFERRED in tests/db/schema.test.ts lists the two keys below.

-- An account and its owner refer to each other: both keys are checked at the end of the transaction.
ALTER TABLE accounts ALTER CONSTRAINT accounts_id_owner_id_fkey DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE users ALTER CONSTRAINT users_account_id_fkey DEFERRABLE INITIALLY DEFERRED;
--> statement-breakpoint
-- Drizzle writes ON DELETE SET NULL without columns, which would clear account_id as well. This limits
-- each such foreign key to its nullable columns: a migration that adds one ends with
-- `SELECT igny8_narrow_set_null();`.
CREATE FUNCTION igny8_narrow_set_null() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  k record;
BEGIN
  FOR k IN
    SELECT c.conrelid::regclass AS table_name, c.conname AS name, pg_get_constraintdef(c.oid) AS definition,
      (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
        WHERE attrelid = c.conrelid AND attnum = ANY (c.conkey) AND NOT attnotnull) AS nullable
    FROM pg_constraint c
    WHERE c.connamespace = 'public'::regnamespace AND c.confdeltype = 'n' AND c.confdelsetcols IS NULL
  LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s', k.table_name, k.name,
      replace(k.definition, 'ON DELETE SET NULL', format('ON DELETE SET NULL (%s)', k.nullable)));
  END LOOP;
END $$;
SELECT igny8_narrow_set_null();
