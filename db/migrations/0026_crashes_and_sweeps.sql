-- An unlogged table is empty after a crash: the rest of an upload would be imported as if it were the whole.
ALTER TABLE "staged_keywords" SET LOGGED;--> statement-breakpoint
-- A run that is deleted asks whether the ledger refers to it.
CREATE INDEX "credit_transactions_run" ON "credit_transactions" USING btree ("account_id","run_id");
