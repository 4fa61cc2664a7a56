import { appendFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { and, eq, sql } from 'drizzle-orm'
import { run_steps } from '../../db/schema/runs.ts'
import { tasks, wordpress_objects } from '../../db/schema/writer.ts'
import { registry } from '../../jobs/registry.ts'
import type { StepHandler, StepJob } from '../../jobs/steps/step.ts'

/**
 * The service, in which some steps kill their process: each article and each publication of a task whose
 * title says where. Before it dies it notes how many steps it was running.
 */
const { IGNY8_DATA_DIR } = process.env

async function titleOf(job: StepJob): Promise<string> {
  const [task] = await job.read((tx) =>
    tx.select({ title: tasks.title }).from(tasks).where(eq(tasks.id, job.step.object_id)),
  )
  return task!.title
}

async function die(job: StepJob): Promise<never> {
  const running = await job.deps.database.withPlatform('measure', (tx) =>
    tx.$count(
      run_steps,
      and(eq(run_steps.state, 'running'), eq(run_steps.worker_id, job.step.worker_id!)),
    ),
  )
  const line = JSON.stringify({ title: await titleOf(job), deaths: job.step.deaths, running })
  appendFileSync(path.join(IGNY8_DATA_DIR!, 'deaths.jsonl'), `${line}\n`)
  process.abort()
}

const write: StepHandler = registry.generate_content.handler
registry.generate_content.handler = async (job) => {
  // Long enough for others to be there.
  await delay(300)
  return (await titleOf(job)).includes('poison') ? die(job) : write(job)
}

const publish: StepHandler = registry.publish.handler
registry.publish.handler = async (job) => {
  const title = await titleOf(job)
  if (title.includes('dies when it is told')) job.responded = () => die(job)
  if (title.includes('dies with an intent')) diesWhen(job, sql`intent_at is not null`)
  if (title.includes('dies once recorded')) diesWhen(job, sql`remote_id is not null`)
  return publish(job)
}

/** Dies after the first write by which this is so of its post. */
function diesWhen(job: StepJob, is: ReturnType<typeof sql>): void {
  const write = job.write.bind(job)
  job.write = async (fn) => {
    const written = await write(fn)
    const posts = await job.read((tx) =>
      tx.$count(
        wordpress_objects,
        sql`kind = 'post' and ${is} and key = (select publication_key::text from tasks
          where id = ${job.step.object_id})`,
      ),
    )
    return posts > 0 ? die(job) : written
  }
}

await import('./service-process.ts')
