import { expect, it } from 'vitest'
import { startTestService } from '../helpers/service.ts'

it('responds to a request that waits for an unclaimed run when the service stops', async () => {
  const service = await startTestService({ role: 'api', api: 'node' })
  const owner = await service.owner()
  const { id } = (await owner.post<{ id: number }>('auth/sites/', { name: 'Blog' })).body
  const answer = owner.call('PUT', `auth/sites/${id}/wordpress/`, {
    wp_url: 'https://blog.example',
    wp_username: 'somebody',
    wp_app_password: 'abcd efgh ijkl mnop qrst uvwx',
  })
  await expect.poll(async () => (await service.sql`select from runs`).count).toBe(1)
  await service.stop()
  expect((await answer).status).toBe(202)
})
