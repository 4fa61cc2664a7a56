import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestService, type TestService } from '../helpers/service.ts'
import { newSector, type Row } from '../planner/sector.ts'

let service: TestService
let broke: () => void
const broken = new Promise<void>((resolve) => {
  broke = resolve
})

beforeAll(async () => {
  const logger = { info() {}, warn() {}, error: () => broke() }
  service = await startTestService({ logger })
})
afterAll(() => service.stop())

it('resumes a step whose end could not be written', async () => {
  const owner = await service.owner()
  const sector = await newSector(owner)
  const task = await owner.post<Row>('writer/tasks/', { ...sector, title: 'Not written down' })
  await service.sql.unsafe(`create function refuse() returns trigger language plpgsql as
      $$ begin raise 'the disk is full'; end $$;
    create trigger refuse before update on run_steps for each row
      when (old.state = 'running') execute function refuse()`)
  const run = owner.run('writer/tasks/auto_generate_content/', { ids: [task.body.id] })
  await broken
  await service.sql`drop trigger refuse on run_steps`
  expect((await run).state).toBe('SUCCESS')
  const spent = await owner.get('billing/balance/')
  expect(spent.body).toMatchObject({ charged: 3, held: 0 })
}, 60_000)
