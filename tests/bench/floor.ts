import postgres from 'postgres'
import { load } from './load.ts'

/** What the same PostgreSQL does when nothing stands before it: no service can be faster. */
export function openFloor(url: string) {
  const sql = postgres(url, { max: 8, onnotice: () => {} })
  const answered = async (query: Promise<unknown>) => {
    await query
    return new Response('')
  }
  return {
    /** Round trips of `select 1` a second. */
    async select(seconds: number) {
      return (await load(seconds, () => answered(sql`select 1`))).rps
    },
    /** Rows inserted and committed one by one, a second. */
    async insert(seconds: number) {
      await sql`create table if not exists bench_floor (id bigint generated always as identity, word text)`
      return (await load(seconds, () => answered(sql`insert into bench_floor (word) values ('x')`)))
        .rps
    },
    /** Rows a second that COPY takes. */
    async copy(rows: number) {
      await sql`create table if not exists bench_floor (id bigint generated always as identity, word text)`
      const began = performance.now()
      await sql.begin(async (tx) => {
        const copy = await tx`copy bench_floor (word) from stdin`.writable()
        await new Promise<void>((resolve, reject) => {
          copy.on('error', reject).on('finish', resolve)
          copy.end(Array.from({ length: rows }, (_, n) => `a keyword of its own ${n}\n`).join(''))
        })
      })
      return rows / ((performance.now() - began) / 1000)
    },
    stop: () => sql.end(),
  }
}
