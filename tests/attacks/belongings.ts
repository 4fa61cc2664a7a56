import type { Client } from '../helpers/client.ts'
import type { TestService } from '../helpers/service.ts'

/** The ids of one object of each kind that an account has. */
export type Belongings = {
  account: number
  /** The platform's, and no account's. */
  industry: number
  plan: number
  site: number
  sector: number
  user: number
  apiKey: number
  invitation: number
  grant: number
  keyword: number
  cluster: number
  idea: number
  task: number
  content: number
  image: number
  run: number
  prompt: number
  profile: number
  strategy: number
  internalLink: number
  delivery: number
}

/** Gives an account one of everything, named after the account, straight in the database. */
export async function belongingsOf({ sql }: TestService, owner: Client): Promise<Belongings> {
  const account = owner.accountId
  const [{ name }] = await sql<[{ name: string }]>`select name from accounts where id = ${account}`
  const site = (await owner.post<{ id: number }>('auth/sites/', { name: `${name} site` })).body.id
  const sector = (
    await owner.post<{ id: number }>('auth/sectors/', { site_id: site, name: `${name} sector` })
  ).body.id
  const place = { account_id: account, site_id: site, sector_id: sector }
  const insert = async (table: string, row: Record<string, unknown>) =>
    Number((await sql`insert into ${sql(table)} ${sql(row as never)} returning id`)[0]!.id)
  const user = await insert('users', {
    account_id: account,
    email: `${name}-${account}@example.test`,
    password_hash: '-',
    role: 'viewer',
  })
  const grant = await insert('site_user_access', {
    account_id: account,
    site_id: site,
    user_id: user,
  })
  const apiKey = await insert('api_keys', {
    account_id: account,
    name: `${name} key`,
    access: 'read',
    key_hash: '-',
    last4: '-',
  })
  const invitation = await insert('invitations', {
    account_id: account,
    email: `${name}-${account}-invited@example.test`,
    role: 'viewer',
    site_ids: [site],
    token_hash: `-${account}`,
    expires_at: new Date(Date.now() + 86_400_000),
  })
  const cluster = await insert('clusters', { ...place, name: `${name} cluster` })
  const keyword = await insert('keywords', {
    ...place,
    keyword: `${name} keyword`,
    cluster_id: cluster,
  })
  const idea = await insert('content_ideas', {
    ...place,
    idea_title: `${name} idea`,
    keyword_cluster_id: cluster,
  })
  const clashes = [{ field: 'title', base: null, ours: `${name} ours`, theirs: `${name} edit` }]
  const conflict = sql.json({ conflict_id: 'x', clashes, wanted: { status: 'publish' } })
  const task = await insert('tasks', {
    ...place,
    title: `${name} task`,
    status: 'review',
    conflict,
  })
  const content = await insert('content', {
    ...place,
    task_id: task,
    html_content: `<p>${name}</p>`,
  })
  const image = await insert('images', {
    ...place,
    task_id: task,
    image_type: 'featured',
    image_path: 'ab/ab.webp',
    prompt: `${name} prompt`,
    width: 1,
    height: 1,
    content_hash: 'ab',
    provider: 'local',
  })
  const run = await insert('runs', {
    account_id: account,
    site_id: site,
    kind: 'publish',
    total: 1,
  })
  const prompt = await insert('ai_prompts', {
    account_id: account,
    prompt_type: 'clustering',
    prompt_value: `${name} prompt {keywords}`,
  })
  const profile = await insert('author_profiles', { account_id: account, name: `${name} author` })
  const strategy = await insert('strategies', {
    account_id: account,
    name: `${name} strategy`,
    sector_id: sector,
    author_profile_id: profile,
  })
  const [{ industry, plan }] = await sql<[{ industry: string; plan: string }]>`
    select (select min(id) from industries) as industry, (select min(id) from plans) as plan`
  const internalLink = await insert('internal_links', {
    ...place,
    from_task_id: task,
    to_task_id: await insert('tasks', { ...place, title: `${name} other task` }),
  })
  const delivery = await insert('wordpress_deliveries', {
    account_id: account,
    site_id: site,
    type: 'task.updated',
    payload: sql.json({ data: { title: `${name} task` } }),
    state: 'delivered',
    next_attempt_at: null,
  })
  return {
    industry: Number(industry),
    plan: Number(plan),
    account,
    site,
    sector,
    user,
    apiKey,
    invitation,
    grant,
    keyword,
    cluster,
    idea,
    task,
    content,
    image,
    run,
    prompt,
    profile,
    strategy,
    internalLink,
    delivery,
  }
}

const COLLECTIONS: [RegExp, keyof Belongings][] = [
  [/^auth\/sites\//, 'site'],
  [/^auth\/sectors\//, 'sector'],
  [/^auth\/accounts\//, 'account'],
  [/^auth\/users\//, 'user'],
  [/^auth\/industries\//, 'industry'],
  [/^auth\/plans\//, 'plan'],
  [/^auth\/api_keys\//, 'apiKey'],
  [/^auth\/invitations\//, 'invitation'],
  [/^planner\/keywords\//, 'keyword'],
  [/^planner\/clusters\//, 'cluster'],
  [/^planner\/ideas\//, 'idea'],
  [/^writer\/tasks\//, 'task'],
  [/^writer\/content\//, 'content'],
  [/^writer\/images\//, 'image'],
  [/^system\/prompts\//, 'prompt'],
  [/^system\/author_profiles\//, 'profile'],
  [/^system\/strategies\//, 'strategy'],
  [/^publishing\/deliveries\//, 'delivery'],
]

/** A path of openapi.json with an account's own ids in it. */
export function pathFor(path: string, belongings: Belongings): string {
  const kind = COLLECTIONS.find(([prefix]) => prefix.test(path))?.[1]
  return path
    .replace('{id}', String(kind ? belongings[kind] : 'no-such-collection'))
    .replace('{grant_id}', String(belongings.grant))
    .replace('{task_id}', String(belongings.run))
    .replace('{type}', 'openai')
    .replace('{site_id}', String(belongings.site))
}
