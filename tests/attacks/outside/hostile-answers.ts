import { readFile } from 'node:fs/promises'
import type { Client } from '../../helpers/client.ts'
import {
  completionWith,
  HOSTILE_ANSWERS,
  type HostileAnswer,
  type HostileServer,
  startHostileServer,
} from '../../helpers/hostile-server.ts'
import { multiplying } from '../endless-text.ts'
import { type Attack, assertAlive, HoleError, type Target } from './attack.ts'

/** How long hostility is watched: steps may wait and try again for longer. */
const WATCHED_MS = 20_000

/** An attack by a server of ours that the service calls. */
function byServer(
  name: string,
  attack: (target: Target, server: HostileServer) => Promise<string>,
): Attack {
  return {
    name,
    async prepare() {
      const server = await startHostileServer()
      return {
        environment: { IGNY8_ALLOW_PRIVATE_SITES: server.hostPort },
        run: (target) => attack(target, server),
        stop: () => server.stop(),
      }
    },
  }
}

async function newTask(owner: Client, html_content?: string): Promise<number> {
  const site_id = (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body.id
  const sector = await owner.post<{ id: number }>('auth/sectors/', { site_id, name: 'Tea' })
  const task = {
    site_id,
    sector_id: sector.body.id,
    title: 'Tea',
    ...(html_content && { html_content, status: 'review' }),
  }
  return (await owner.post<{ id: number }>('writer/tasks/', task)).body.id
}

async function link(owner: Client, task: number, server: HostileServer): Promise<number> {
  const { site_id } = (await owner.get<{ site_id: number }>(`writer/tasks/${task}/`)).body
  const credentials = { wp_username: 'u', wp_app_password: 'abcd efgh ijkl mnop' }
  const path = `auth/sites/${site_id}/wordpress/`
  return (await owner.call('PUT', path, { wp_url: server.url, ...credentials })).status
}

/** Starts a run, and watches that /healthz answers and that another account's article is written. */
async function watched(
  target: Target,
  owner: Client,
  path: string,
  body: object,
): Promise<{ slowest: number; said: string }> {
  const started = await owner.post<{ task_id: number }>(path, body)
  if (started.status !== 202) throw new Error(`not started: ${JSON.stringify(started.body)}`)
  const other = await target.owner('Other')
  const task = await newTask(other)
  const others = other.run('writer/tasks/auto_generate_content/', { ids: [task] })
  const end = Date.now() + WATCHED_MS
  let slowest = 0
  while (Date.now() < end) {
    slowest = Math.max(slowest, await assertAlive(target))
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  const run = await Promise.race([others, new Promise<null>((r) => setTimeout(r, 5_000, null))])
  if (run?.state !== 'SUCCESS') throw new HoleError('another account’s article was not written')
  const progress = `system/settings/task_progress/${started.body.task_id}/`
  const { state, error, meta } = (
    await owner.get<{
      state: string
      error: { message: string } | null
      meta: { message: string }
    }>(progress)
  ).body
  return { slowest, said: `${state}: ${(error?.message ?? meta.message).slice(0, 200)}` }
}

const publishing = (kind: HostileAnswer): Attack =>
  byServer(`publishes to a site that answers ${kind}`, async (target, server) => {
    const owner = await target.owner()
    const task = await newTask(owner, '<p>Tea.</p>')
    const status = await link(owner, task, server)
    if (status !== 200) throw new Error(`the site was not linked: ${status}`)
    server.answer(kind)
    const wanted = { ids: [task], status: 'draft' }
    const { slowest, said } = await watched(target, owner, 'writer/tasks/publish/', wanted)
    return `/healthz took ${slowest} ms at most; ${said}`
  })

const linking = (kind: HostileAnswer): Attack =>
  byServer(`links a site that answers ${kind}`, async (target, server) => {
    const owner = await target.owner()
    const task = await newTask(owner)
    server.answer(kind)
    let ended = false
    // It breaks off when the service is stopped.
    const status = link(owner, task, server)
      .catch(() => 'by breaking off')
      .finally(() => {
        ended = true
      })
    let slowest = 0
    while (!ended) {
      slowest = Math.max(slowest, await assertAlive(target))
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    return `answered ${await status}; /healthz took ${slowest} ms at most`
  })

const writing = (name: string, answer: HostileAnswer | ReturnType<typeof completionWith>) =>
  byServer(`asks a model that answers ${name}`, async (target, server) => {
    const owner = await target.owner()
    const config = { api_key: 'sk-hostile', base_url: `${server.url}/v1`, model: 'm' }
    await owner.call('PUT', 'system/settings/integrations/openai/', { config })
    server.answer(answer)
    const wanted = { ids: [await newTask(owner)], then: ['images'] }
    const path = 'writer/tasks/auto_generate_content/'
    const { slowest, said } = await watched(target, owner, path, wanted)
    return `/healthz took ${slowest} ms at most; ${said}`
  })

/** What a person stores and publishes, with the memory that the service takes for it. */
const storing = (times: number): Attack =>
  byServer(`publishes an article of ${times} elements that multiply`, async (target, server) => {
    const owner = await target.owner()
    const task = await newTask(owner, '<p>Tea.</p>')
    await link(owner, task, server)
    const before = await residentMb(target)
    const html_content = multiplying(times)
    const stored = await owner.call('PATCH', `writer/tasks/${task}/`, { html_content })
    const refused = stored.status === 400 ? 'was refused with 400' : `was stored (${stored.status})`
    let most = before
    const memory = setInterval(async () => {
      most = Math.max(most, await residentMb(target).catch(() => 0))
    }, 100)
    const wanted = { ids: [task], status: 'draft' }
    const { slowest, said } = await watched(target, owner, 'writer/tasks/publish/', wanted).finally(
      () => clearInterval(memory),
    )
    const grown = most - before
    const seen = `an article of ${html_content.length} bytes ${refused}; the service grew from ${before} by ${grown} MB`
    if (grown > 300) throw new HoleError(seen)
    return `${seen}; /healthz took ${slowest} ms at most; ${said}`
  })

/** Of the service's process, in megabytes. */
async function residentMb({ pid }: Target): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
}

export const hostileAnswerAttacks: Attack[] = [
  ...(Object.keys(HOSTILE_ANSWERS) as HostileAnswer[]).flatMap((kind) => [
    linking(kind),
    publishing(kind),
  ]),
  ...(
    ['nothing, ever', 'without end', 'a gzip bomb', 'an error message of 8 MB of <'] as const
  ).map((kind) => writing(kind, kind)),
  writing('an article that multiplies', completionWith(multiplying(3_700))),
  storing(1_200),
  storing(3_700),
]
