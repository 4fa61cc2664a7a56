import postgres from 'postgres'

export const TEMPLATE = 'igny8_template'

export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

/** A database of its own, migrated, for one test file. */
export async function cloneTemplate(serverUrl: string): Promise<string> {
  const name = `igny8_${crypto.randomUUID().replaceAll('-', '')}`
  const sql = postgres(serverUrl, { max: 1, onnotice: () => {} })
  await sql.unsafe(`create database ${name} template ${TEMPLATE}`)
  await sql.end()
  return databaseUrl(serverUrl, name)
}
