import { setTimeout as delay } from 'node:timers/promises'
import {
  type StandInAnswer,
  type StandInWordPress,
  startStandInWordPress,
} from '../../helpers/stand-in-wordpress.ts'
import { type Attack, assertAlive, HoleError, type Target } from './attack.ts'

const page = (status: number, words: string, headers = {}): StandInAnswer => ({
  status,
  headers,
  body: `<title>${words}</title><h1>${words}</h1>`,
})

/** Past this a refusal is no longer told "within minutes". It includes five minutes of settling. */
const PATIENCE_MS = 9 * 60_000
const MAX_REQUESTS = 120

const REFUSED: Record<string, StandInAnswer> = {
  'an HTML 403': page(403, 'Forbidden by rule 942100'),
  'an HTML 413': page(413, 'Request Entity Too Large'),
  'an HTML 500': page(500, 'Internal Server Error'),
  'a JSON 500 without a status': {
    status: 500,
    body: { code: 'db_insert_error', message: 'Could not insert', data: null },
  },
}

const CHALLENGES: Record<string, { answer: StandInAnswer; code: string }> = {
  'a challenge page': {
    answer: page(403, 'Just a moment...', { 'cf-mitigated': 'challenge' }),
    code: 'blocked_by_firewall',
  },
  'a maintenance page': {
    answer: page(503, 'Briefly unavailable for scheduled maintenance. Check back in a minute.'),
    code: 'maintenance',
  },
}

async function link({ url }: StandInWordPress, owner: Awaited<ReturnType<Target['owner']>>) {
  const { id } = (await owner.post<{ id: number }>('auth/sites/', { name: 'Hostile' })).body
  const { status, body } = await owner.call<{ cause_code?: string }>(
    'PUT',
    `auth/sites/${id}/wordpress/`,
    { wp_url: url, wp_username: 'editor', wp_app_password: 'abcd efgh ijkl mnop' },
  )
  return { id, status, cause: body.cause_code }
}

async function refusedAt(site: StandInWordPress, target: Target): Promise<string> {
  const owner = await target.owner()
  const { id, status } = await link(site, owner)
  if (status !== 200) throw new Error(`the site was not linked: ${status}`)
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id: id, name: 'Tea' })
  const about = { site_id: id, sector_id: sector.body.id, title: 'Refused' }
  const task = await owner.post<{ id: number }>('writer/tasks/', about)
  await owner.run('writer/tasks/auto_generate_content/', { ids: [task.body.id] })
  site.requests.length = 0
  const began = Date.now()
  await owner.post('writer/tasks/publish/', { ids: [task.body.id] })
  for (;;) {
    const { body } = await owner.get<{ error: { message: string } | null }>(
      `writer/tasks/${task.body.id}/`,
    )
    const seconds = Math.round((Date.now() - began) / 1000)
    const posts = site.requests.filter(({ method }) => method !== 'GET').length
    const seen = `${posts} writes and ${site.requests.length - posts} reads in ${seconds} s`
    if (body.error) {
      await assertAlive(target)
      if (!/status (403|413|500)/.test(body.error.message)) {
        throw new HoleError(`${seen}; told as: ${body.error.message}`)
      }
      if (site.requests.length > MAX_REQUESTS) throw new HoleError(seen)
      return `${seen}; told as: ${body.error.message}`
    }
    if (Date.now() - began > PATIENCE_MS) throw new HoleError(`not told after ${seen}`)
    await delay(1_000)
  }
}

export const siteAttacks: Attack[] = [
  ...Object.entries(REFUSED).map(([what, answer]) => ({
    name: `publishes to a site that refuses the post with ${what}`,
    async prepare() {
      const site = await startStandInWordPress()
      site.refuse(({ method, path, body }) =>
        method === 'POST' && path === '/wp-json/wp/v2/posts' && body.id === undefined
          ? answer
          : undefined,
      )
      return {
        environment: { IGNY8_ALLOW_PRIVATE_SITES: site.host },
        run: (target: Target) => refusedAt(site, target),
        stop: () => site.stop(),
      }
    },
  })),
  ...Object.entries(CHALLENGES).map(([what, { answer, code }]) => ({
    name: `links a site that answers with ${what}`,
    async prepare() {
      const site = await startStandInWordPress()
      site.refuse(() => answer)
      return {
        environment: { IGNY8_ALLOW_PRIVATE_SITES: site.host },
        async run(target: Target) {
          const { status, cause } = await link(site, await target.owner())
          if (cause !== code) throw new HoleError(`told as ${cause} (${status})`)
          return `told as ${cause}`
        },
        stop: () => site.stop(),
      }
    },
  })),
]
