import type { Json } from '../helpers/client.ts'

export type Row = Json & { id: number }
export type Role = 'viewer' | 'editor' | 'admin' | 'owner'

/** What a request needs: ids by their name, and a fresh word. */
export type Known = Record<string, number> & { site_id: number; sector_id: number }

export type Endpoint = {
  method: string
  path: string
  /** The least role that may. */
  role: Role
  /** What it answers to that role; 200 by default. */
  status?: number
  body?(known: Known, fresh: string): object
}

const place = ({ site_id, sector_id }: Known) => ({ site_id, sector_id })
const read = (path: string): Endpoint => ({ method: 'GET', path, role: 'viewer' })

/** Create, get, update both ways and delete, below `path`; `{made}` is what a create of its own made. */
function collection(
  path: string,
  role: Role,
  create: (known: Known, fresh: string) => object,
  change: object,
  /** What is read: a site is seen by those who were granted it. */
  one = '{made}',
): Endpoint[] {
  return [
    read(path),
    { method: 'POST', path, role, status: 201, body: create },
    read(`${path}${one}/`),
    { method: 'PUT', path: `${path}{made}/`, role, body: () => change },
    { method: 'PATCH', path: `${path}{made}/`, role, body: () => change },
    { method: 'DELETE', path: `${path}{made}/`, role, status: 204 },
  ]
}

/** Every view set and action of the original system, at its path, with who may use it. */
export const ENDPOINTS: Endpoint[] = [
  ...collection('planner/keywords/', 'editor', (k, w) => ({ ...place(k), keyword: w }), {
    volume: 1,
  }),
  {
    method: 'POST',
    path: 'planner/keywords/auto_cluster/',
    role: 'editor',
    status: 202,
    body: (k) => place(k),
  },
  {
    method: 'POST',
    path: 'planner/keywords/bulk_delete/',
    role: 'editor',
    body: () => ({ ids: [1] }),
  },
  {
    method: 'POST',
    path: 'planner/keywords/bulk_update_status/',
    role: 'editor',
    body: (k) => ({ ids: [k.keyword_id], status: 'archived' }),
  },
  read('planner/keywords/export_csv/'),
  ...collection('planner/clusters/', 'editor', (k, w) => ({ ...place(k), name: w }), {
    description: 'x',
  }),
  {
    method: 'POST',
    path: 'planner/clusters/auto_generate_ideas/',
    role: 'editor',
    status: 202,
    body: (k) => ({ ids: [k.cluster_id] }),
  },
  ...collection('planner/ideas/', 'editor', (k, w) => ({ ...place(k), idea_title: w }), {
    description: 'x',
  }),
  ...collection('writer/tasks/', 'editor', (k, w) => ({ ...place(k), title: w }), {
    description: 'x',
  }),
  {
    method: 'POST',
    path: 'writer/tasks/auto_generate_content/',
    role: 'editor',
    status: 202,
    body: (k) => ({ ids: [k.queued_id] }),
  },
  {
    method: 'POST',
    path: 'writer/tasks/auto_generate_images/',
    role: 'editor',
    status: 202,
    body: (k) => ({ ids: [k.task_id] }),
  },
  { method: 'POST', path: 'writer/tasks/bulk_delete/', role: 'editor', body: () => ({ ids: [1] }) },
  {
    method: 'POST',
    path: 'writer/tasks/bulk_update/',
    role: 'editor',
    body: (k) => ({ ids: [k.task_id], status: 'draft' }),
  },
  read('writer/content/'),
  read('writer/images/'),
  ...collection('system/author_profiles/', 'admin', (_k, w) => ({ name: w }), { tone: 'plain' }),
  ...collection('system/strategies/', 'admin', (_k, w) => ({ name: w, is_active: false }), {
    description: 'x',
  }),
  read('system/prompts/'),
  {
    method: 'POST',
    path: 'system/prompts/',
    role: 'admin',
    status: 201,
    body: () => ({ prompt_type: 'negative_prompt', prompt_value: 'blur' }),
  },
  read('system/prompts/{made}/'),
  {
    method: 'PUT',
    path: 'system/prompts/{made}/',
    role: 'admin',
    body: () => ({ prompt_value: 'noise' }),
  },
  { method: 'POST', path: 'system/prompts/{made}/reset_to_default/', role: 'admin' },
  { method: 'DELETE', path: 'system/prompts/{made}/', role: 'admin', status: 204 },
  { method: 'GET', path: 'system/settings/integrations/', role: 'admin' },
  { method: 'GET', path: 'system/settings/integrations/openai/', role: 'admin' },
  {
    method: 'PUT',
    path: 'system/settings/integrations/openai/',
    role: 'admin',
    body: () => ({ config: { model: 'gpt-x' }, is_active: false }),
  },
  {
    method: 'POST',
    path: 'system/settings/integrations/openai/save/',
    role: 'admin',
    body: () => ({ config: { model: 'gpt-y' }, is_active: false }),
  },
  read('system/settings/task_progress/{run_id}/'),
  read('billing/transactions/'),
  read('billing/usage/'),
  read('billing/balance/'),
  ...collection(
    'auth/sites/',
    'admin',
    (_k, w) => ({ name: w }),
    { domain: 'https://x.example' },
    '{site_id}',
  ),
  ...collection(
    'auth/sectors/',
    'admin',
    (k, w) => ({ site_id: k.site_id, name: w, is_active: false }),
    { name: 'Renamed' },
  ),
  read('auth/accounts/'),
  read('auth/plans/'),
  read('auth/industries/'),
  { method: 'GET', path: 'auth/users/', role: 'admin' },
]

type List = {
  path: string
  /** Each with rows that fit and rows that do not among what the test makes. */
  filters: Record<string, (row: Row) => boolean>
  orderings: string[]
}

const has = (field: string, value: unknown) => (row: Row) => row[field] === value
const contains =
  (word: string, ...fields: string[]) =>
  (row: Row) =>
    fields.some((field) => String(row[field]).toLowerCase().includes(word))

/** Every filter, search and ordering of the original system's lists. */
export const LISTS: List[] = [
  {
    path: 'planner/keywords/',
    filters: {
      'search=press': contains('press', 'keyword'),
      'status=archived': has('status', 'archived'),
      'intent=commercial': has('intent', 'commercial'),
      'cluster_id={cluster_id}': (row) => row.cluster_id !== null,
      'difficulty_min=50': (row) => Number(row.difficulty) >= 50,
      'difficulty_max=49': (row) => Number(row.difficulty) <= 49,
      'volume_min=100': (row) => Number(row.volume) >= 100,
      'volume_max=99': (row) => Number(row.volume) <= 99,
      'site_id={site_id}': () => true,
      'sector_id={sector_id}': () => true,
    },
    orderings: ['created_at', 'volume', 'difficulty'],
  },
  {
    path: 'planner/clusters/',
    filters: { 'search=presses': contains('presses', 'name'), 'sector_id={sector_id}': () => true },
    orderings: ['created_at', 'name', 'volume', 'keywords_count'],
  },
  {
    path: 'planner/ideas/',
    filters: {
      'search=press': contains('press', 'idea_title'),
      'status=scheduled': has('status', 'scheduled'),
      'keyword_cluster_id={cluster_id}': (row) => row.keyword_cluster_id !== null,
      'content_type=guide': has('content_type', 'guide'),
      'content_structure=pillar_page': has('content_structure', 'pillar_page'),
    },
    orderings: ['created_at', 'idea_title'],
  },
  {
    path: 'writer/tasks/',
    filters: {
      'search=press': contains('press', 'title', 'keywords'),
      'status=draft': has('status', 'draft'),
      'cluster_id={cluster_id}': (row) => row.cluster_id !== null,
      'content_type=guide': has('content_type', 'guide'),
      'content_structure=pillar_page': has('content_structure', 'pillar_page'),
    },
    orderings: ['title', 'created_at', 'word_count', 'status'],
  },
]
