/** What the tests of the catalogue say when a table lacks something. */
export const NEW_TABLE = `
A new table of an account is declared in db/schema/ with
  - account_id in its primary key, and in both lists of every reference() to a table of the account;
  - an index that begins with the columns of each reference().
\`npx drizzle-kit generate --config db/drizzle.config.ts --name <what>\` writes its migration. Add by hand
  - SELECT igny8_protect_tables();    row-level security, the policies of both roles, their grants
  - SELECT igny8_narrow_set_null();   if a reference() has onDelete('set null')
A table without an account is listed in GLOBAL, in tests/db/catalogue.test.ts, and is granted by hand.
`
