import { setTimeout as delay } from 'node:timers/promises'
import type { Client, Progress } from '../../helpers/client.ts'
import { until } from '../../helpers/until.ts'
import { newSector } from '../../planner/sector.ts'
import { type Attack, assertAlive, HoleError, type Target } from './attack.ts'

const KILLS = 20
/** What the smallest plan that has room for 1,000 articles a day is called. */
const LARGE_PLAN = { IGNY8_DEFAULT_PLAN: 'growth' }
const MANY = 1_000

/** Tasks to be written, ten at a time. */
async function newTasks(owner: Client, n: number): Promise<number[]> {
  const sector = await newSector(owner)
  const add = async (at: number) => {
    const task = { ...sector, title: `Article ${at}` }
    const { status, body } = await owner.post<{ id: number }>('writer/tasks/', task)
    if (status !== 201) throw new Error(`task ${at}: ${JSON.stringify(body)}`)
    return body.id
  }
  const ids: number[] = []
  for (let at = 0; at < n; at += 10) {
    const ten = Array.from({ length: Math.min(10, n - at) }, (_, i) => add(at + i))
    ids.push(...(await Promise.all(ten)))
  }
  return ids
}

async function start(owner: Client, ids: number[], more: object = {}): Promise<number> {
  const path = 'writer/tasks/auto_generate_content/'
  const { status, body } = await owner.post<{ task_id: number }>(path, { ids, ...more })
  if (status !== 202) throw new Error(`not accepted: ${JSON.stringify(body)}`)
  return body.task_id
}

/** Follows a run over restarts. */
function ended(owner: Client, runId: number): Promise<Progress> {
  const last = async () => {
    const progress = await owner.follow(runId).catch(() => undefined)
    return progress && ['SUCCESS', 'FAILURE', 'CANCELLED'].includes(progress.state) && progress
  }
  return until(last, { what: `the end of run ${runId}`, within: 5 * 60_000 })
}

async function killAgainAndAgain(target: Target): Promise<string> {
  const owner = await target.owner()
  const ids = await newTasks(owner, 20)
  const runId = await start(owner, ids, { then: ['images'], images_per_task: 1 })
  for (let n = 0; n < KILLS; n++) {
    await delay(Math.random() * 2_000)
    await target.restart()
  }
  const { result } = await ended(owner, runId)
  const lost = result!.steps.filter(({ state }) => state !== 'succeeded')
  const { charged, held } = (await owner.get<{ charged: number; held: number }>('billing/balance/'))
    .body
  const seen = `${lost.length} of ${result!.steps.length} steps given up after ${KILLS} kills; ${charged} credits charged, ${held} held`
  if (lost.length > 0 || charged !== 80 || held !== 0) throw new HoleError(seen)
  return seen
}

const doneOf = async (owner: Client, runId: number) =>
  (await owner.get<Progress>(`system/settings/task_progress/${runId}/`)).body.meta.current

async function askForEverything(target: Target): Promise<string> {
  const [greedy, modest] = [await target.owner('Greedy'), await target.owner('Modest')]
  const many = await newTasks(greedy, MANY)
  const single = await newTasks(modest, 1)
  const ofMany = await start(greedy, many)
  const before = await until(() => doneOf(greedy, ofMany), { what: 'the first article of many' })
  const began = performance.now()
  await modest.follow(await start(modest, single))
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  const meanwhile = (await doneOf(greedy, ofMany)) - before
  const seen = `the only article of one account took ${seconds} s, in which ${meanwhile} of ${MANY} of another were written`
  if (meanwhile > 50) throw new HoleError(seen)
  return seen
}

async function acceptInBulk(target: Target): Promise<string> {
  const owner = await target.owner()
  const ids = await newTasks(owner, MANY)
  let slowest = 0
  let isOver = false
  const reading = (async () => {
    while (!isOver) {
      const began = performance.now()
      await owner.get('billing/balance/')
      slowest = Math.max(slowest, performance.now() - began)
      await delay(20)
    }
  })()
  const began = performance.now()
  await start(owner, ids)
  const ms = Math.round(performance.now() - began)
  isOver = true
  await reading
  await assertAlive(target)
  const seen = `${MANY} articles accepted in ${ms} ms; the account read its balance meanwhile in at most ${Math.round(slowest)} ms`
  if (slowest > 1_000) throw new HoleError(seen)
  return seen
}

/** Against the worker: it dies, or one account asks for all of it. */
export const workerAttacks: Attack[] = [
  { name: 'kills the service 20 times while it writes 20 articles', run: killAgainAndAgain },
  {
    name: 'has 1,000 articles of one account written before one of another',
    environment: LARGE_PLAN,
    run: askForEverything,
  },
  {
    name: 'has 1,000 articles accepted while their account reads its balance',
    environment: LARGE_PLAN,
    run: acceptInBulk,
  },
]
