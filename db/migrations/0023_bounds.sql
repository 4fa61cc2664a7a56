-- Balances of any plan and any number of cycles. JavaScript counts exactly up to 2^53 - 1; the
-- service itself grants up to 10^12 (`MAX_BALANCE`).
ALTER TABLE accounts
  ALTER COLUMN credits TYPE bigint,
  ADD CONSTRAINT accounts_credits_exact CHECK (credits <= 9007199254740991);
ALTER TABLE credit_transactions
  ALTER COLUMN amount TYPE bigint,
  ALTER COLUMN balance_after TYPE bigint;
