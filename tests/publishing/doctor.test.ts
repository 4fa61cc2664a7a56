import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addUser, type Client } from '../helpers/client.ts'
import { startTestService, type TestService } from '../helpers/service.ts'
import { startWordPress, type WordPress } from '../wordpress/wordpress.ts'
import { linkedBlog } from './linked-blog.ts'

type Examined = {
  wp_url: string
  healthy: boolean
  checks: { check: string; ok: boolean | null; code: string | null; remedy: string | null }[]
}

let wordpress: WordPress
let service: TestService
let owner: Client
let site: number
beforeAll(async () => {
  wordpress = await startWordPress()
  service = await startTestService({ allowPrivateSites: [new URL(wordpress.url).host] })
  owner = await service.owner()
  site = (await linkedBlog(owner, wordpress)).site_id
})
afterAll(async () => {
  await service?.stop()
  await wordpress?.stop()
})

const doctor = (client = owner) => client.get<Examined>(`auth/sites/${site}/wordpress/doctor/`)
const failed = ({ checks }: Examined) => checks.filter(({ ok }) => ok === false)

describe('the doctor of a linked site', () => {
  it('finds it well but for what is more than needed and what could be there', async () => {
    const { status, body } = await doctor()
    expect(status).toBe(200)
    expect(body).toMatchObject({ wp_url: wordpress.url, healthy: true })
    expect(failed(body).map(({ code }) => code)).toEqual(['administrator', 'plugin_absent'])
  })

  it('says what happened to a password that was revoked', async () => {
    await wordpress.php(`WP_Application_Passwords::delete_all_application_passwords(
      get_user_by('login', '${wordpress.user}')->ID);`)
    const { body } = await doctor()
    expect(body.healthy).toBe(false)
    expect(failed(body)).toMatchObject([{ check: 'credentials', code: 'wrong_credentials' }])
    expect(JSON.stringify(body)).not.toContain(wordpress.appPassword)
  })

  it('is one run, however many ask at once', async () => {
    const before = await service.sql`select id from runs where kind = 'examine_wordpress'`
    const answers = await Promise.all([1, 2, 3, 4].map(() => doctor()))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const after = await service.sql`select id from runs where kind = 'examine_wordpress'`
    expect(after.length - before.length).toBeLessThan(4)
  })

  it('is for those who may write on the site', async () => {
    const editor = await addUser(owner, 'editor', [site])
    expect((await doctor(editor)).status).toBe(200)
    expect((await doctor(await addUser(owner, 'editor'))).status).toBe(404)
    expect((await doctor(await addUser(owner, 'viewer', [site]))).status).toBe(403)
    expect((await doctor(await service.owner('Others'))).status).toBe(404)
  })

  it('has nothing to examine on a site that is not linked', async () => {
    const bare = await owner.post<{ id: number }>('auth/sites/', { name: 'Bare' })
    const answer = await owner.get(`auth/sites/${bare.body.id}/wordpress/doctor/`)
    expect(answer).toMatchObject({ status: 409, body: { code: 'site_not_linked' } })
  })
})
