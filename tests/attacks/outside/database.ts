import { readFileSync } from 'node:fs'
import path from 'node:path'
import postgres, { type Sql } from 'postgres'
import { type Client, PASSWORD, signIn } from '../../helpers/client.ts'
import { type Attack, assertAlive, HoleError, type Target } from './attack.ts'

const GIVE_UP_MS = 30_000
const ARTICLES = 200
const ARTICLE_MB = 2

export const databaseAttacks: Attack[] = [
  ...[10, 50].map(
    (times): Attack => ({
      name: `changes a password ${times} times at once, each with an Idempotency-Key`,
      async run(target) {
        const attacker = await target.owner('Attacker')
        const other = await target.owner('Other')
        const changes = Array.from({ length: times }, () =>
          timed(() =>
            attacker.call(
              'POST',
              'auth/change_password/',
              { old_password: PASSWORD, new_password: PASSWORD },
              { 'idempotency-key': crypto.randomUUID() },
            ),
          ),
        )
        const answers = await Promise.all(changes)
        await assertServes(target, other)
        return `answered ${summary(answers)}; lists and a sign-in work`
      },
    }),
  ),
  {
    name: 'waits for a row that somebody has locked in the database, forty times at once',
    async run(target) {
      const attacker = await target.owner('Attacker')
      const other = await target.owner('Other')
      const { id } = (await attacker.post<{ id: number }>('auth/sites/', { name: 'Locked' })).body
      const rename = () => attacker.call('PATCH', `auth/sites/${id}/`, { name: 'x' })
      return withDatabase(target, async (sql) => {
        const answers = await sql.begin(async (tx) => {
          await tx`select from sites where id = ${id} for update`
          return Promise.all([timed(rename), ...Array.from({ length: 39 }, () => timed(rename))])
        })
        const hung = answers.filter(({ status }) => status !== 503)
        if (hung.length > 0) throw new HoleError(`answered ${summary(answers)} instead of a 503`)
        if (answers.some(({ retryAfter }) => !retryAfter))
          throw new HoleError('503 without Retry-After')
        await assertServes(target, other)
        return `answered ${summary(answers)} with Retry-After; then all works`
      })
    },
  },
  {
    name: `searches ${ARTICLES} articles of ${ARTICLE_MB} MB, twenty times at once`,
    async run(target) {
      const owner = await target.owner('Attacker')
      const site_id = (await owner.post<{ id: number }>('auth/sites/', { name: 'Large' })).body.id
      const sector_id = (
        await owner.post<{ id: number }>('auth/sectors/', { site_id, name: 'Large' })
      ).body.id
      await withDatabase(target, async (sql) => {
        const words = ARTICLE_MB * 1024 * 32
        await sql`with made as (
            insert into tasks (account_id, site_id, sector_id, title)
            select ${owner.accountId}, ${site_id}, ${sector_id}, 'Task ' || n from generate_series(1, ${ARTICLES}) n
            returning id)
          insert into content (account_id, site_id, sector_id, task_id, html_content)
          select ${owner.accountId}, ${site_id}, ${sector_id}, made.id, text.html
          from made, (select string_agg(md5(n::text), '') as html from generate_series(1, ${words}) n) as text`
      })
      const searches = Array.from({ length: 20 }, () =>
        timed(() => owner.get('writer/content/?search=nowhere&page_size=1')),
      )
      const alive = await assertAlive(target)
      const answers = await Promise.all(searches)
      const slowest = Math.max(...answers.map(({ ms }) => ms))
      if (slowest > 5_000) throw new HoleError(`answered ${summary(answers)}`)
      return `answered ${summary(answers)}; /healthz in ${alive} ms`
    },
  },
]

type Timed = { status: number; ms: number; retryAfter: string | null }

/** 0 for what was not answered in time. */
async function timed(call: () => Promise<{ status: number; headers: Headers }>): Promise<Timed> {
  const began = performance.now()
  let patience: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<undefined>((resolve) => {
    patience = setTimeout(resolve, GIVE_UP_MS, undefined)
  })
  const answer = await Promise.race([call().catch(() => undefined), late])
  clearTimeout(patience)
  return {
    status: answer?.status ?? 0,
    ms: Math.round(performance.now() - began),
    retryAfter: answer?.headers.get('retry-after') ?? null,
  }
}

function summary(answers: Timed[]): string {
  const counts = new Map<string, number>()
  for (const { status } of answers) {
    const name = status === 0 ? 'nothing' : String(status)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const told = [...counts].map(([name, count]) => `${count} × ${name}`).join(', ')
  return `${told} in at most ${Math.max(...answers.map(({ ms }) => ms))} ms`
}

/** Throws a `HoleError` when a list, a write or a sign-in of somebody else is not answered as ever. */
async function assertServes(target: Target, other: Client): Promise<void> {
  await assertAlive(target)
  const list = await timed(() => other.get('auth/sites/'))
  if (list.status !== 200) throw new HoleError(`a list is answered ${summary([list])}`)
  const write = await timed(() => other.post('auth/sites/', { name: 'After' }))
  if (write.status !== 201) throw new HoleError(`a write is answered ${summary([write])}`)
  const signedIn = await timed(async () => {
    await signIn(target.url, other.email)
    return { status: 200, headers: new Headers() }
  })
  if (signedIn.status !== 200) throw new HoleError(`a sign-in is answered ${summary([signedIn])}`)
}

/** As the superuser of the target's own PostgreSQL. */
async function withDatabase<T>({ dataDir }: Target, fn: (sql: Sql) => Promise<T>): Promise<T> {
  const folder = path.join(dataDir, 'postgres')
  const password = readFileSync(path.join(folder, 'password'), 'utf8').trim()
  const port = readFileSync(path.join(folder, 'data/postmaster.pid'), 'utf8').split('\n')[3]
  const sql = postgres(`postgres://postgres:${password}@127.0.0.1:${port}/postgres`, {
    max: 1,
    onnotice: () => {},
  })
  try {
    return await fn(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
