import type { Belongings } from './belongings.ts'

const PASSWORD = 'correct horse battery'
const csv = (has: Belongings) => {
  const form = new FormData()
  form.set('site_id', String(has.site))
  form.set('sector_id', String(has.sector))
  form.set('file', new File(['keyword\nfrom a file\n'], 'keywords.csv', { type: 'text/csv' }))
  return form
}

/** What saves an integration, at each of its paths. */
function saving(type: string, config: object): Record<string, () => unknown> {
  const path = `system/settings/integrations/${type}/`
  const names = [`PUT ${path}`, `PATCH ${path}`, `POST ${path}save/`]
  return Object.fromEntries(names.map((name) => [name, () => ({ config })]))
}

const PLAN_LIMITS = {
  ...{ max_users: 2, max_sites: 2, max_keywords: 100, max_clusters: 10, max_content_ideas: 10 },
  ...{ daily_cluster_limit: 5, monthly_cluster_ai_credits: 100, daily_content_tasks: 5 },
  ...{ daily_ai_requests: 50, monthly_word_count_limit: 10_000, monthly_content_ai_credits: 100 },
  ...{ monthly_image_count: 50, daily_image_generation_limit: 10, monthly_image_ai_credits: 50 },
  max_images_per_task: 2,
}

/** A body that fits, for every operation that takes one. */
export const BODIES: Record<string, (has: Belongings) => unknown> = {
  'POST auth/register/': () => ({ email: 'x@example.test', password: PASSWORD, account_name: 'x' }),
  'POST auth/login/': () => ({ email: 'x@example.test', password: PASSWORD }),
  'POST auth/refresh/': () => ({ refresh: 'x' }),
  'POST auth/logout/': () => ({ refresh: 'x' }),
  'PATCH auth/me/': () => ({ first_name: 'Ann' }),
  'POST auth/change_password/': () => ({ old_password: 'wrong', new_password: PASSWORD }),
  'POST auth/reset_password/': () => ({ token: 'x', password: PASSWORD }),
  'POST auth/users/': () => ({ email: 'new@example.test', password: PASSWORD, role: 'viewer' }),
  'PUT auth/accounts/{id}/': () => ({ name: 'Mine' }),
  'PATCH auth/accounts/{id}/': () => ({ name: 'Mine' }),
  'PUT auth/users/{id}/': () => ({ first_name: 'Ann' }),
  'PATCH auth/users/{id}/': () => ({ first_name: 'Ann' }),
  'POST auth/plans/': () => ({ name: 'A plan', ...PLAN_LIMITS }),
  'PUT auth/plans/{id}/': () => ({ max_images_per_task: 3 }),
  'PATCH auth/plans/{id}/': () => ({ max_images_per_task: 4 }),
  'POST billing/grants/': () => ({ amount: 1, description: 'A grant', reference: 'attack' }),
  'POST billing/quote/': (has) => ({
    operation: 'auto_generate_ideas',
    request: { ids: [has.cluster] },
  }),
  'POST auth/industries/': () => ({ name: 'An industry', sectors: [{ name: 'A sector' }] }),
  'PUT auth/industries/{id}/': () => ({ description: 'x' }),
  'PATCH auth/industries/{id}/': () => ({ description: 'x' }),
  'POST auth/api_keys/': (has) => ({ name: 'A key', access: 'read', site_ids: [has.site] }),
  'PUT auth/api_keys/{id}/': () => ({ name: 'A key' }),
  'PATCH auth/api_keys/{id}/': () => ({ name: 'A key' }),
  'POST auth/invitations/': (has) => ({
    email: 'asked@example.test',
    role: 'viewer',
    site_ids: [has.site],
  }),
  'POST auth/invitations/accept/': () => ({ token: 'x', password: PASSWORD }),
  'POST auth/sites/': () => ({ name: 'A site' }),
  'PUT auth/sites/{id}/': () => ({ name: 'A site' }),
  'PATCH auth/sites/{id}/': () => ({ name: 'A site' }),
  'POST auth/sites/{id}/access/': (has) => ({ user_id: has.user }),
  'POST auth/sites/{id}/wordpress/connect/': () => ({ wp_url: 'http://127.0.0.1:9' }),
  'PUT auth/sites/{id}/wordpress/': () => ({
    wp_url: 'https://example.com',
    wp_username: 'ann',
    wp_app_password: 'abcd efgh',
  }),
  'POST bridge/{site_id}/overview/': () => ({}),
  'POST bridge/{site_id}/actions/': () => ({ action: 'examine', user: 'x' }),
  'POST bridge/{site_id}/events/': () => ({
    type: 'post.edited',
    timestamp: new Date().toISOString(),
    data: {
      key: crypto.randomUUID(),
      post_id: 1,
      wp_status: 'publish',
      post_url: null,
      as_of: new Date().toISOString(),
    },
  }),
  'POST auth/sectors/': (has) => ({ site_id: has.site, name: 'A sector' }),
  'PUT auth/sectors/{id}/': () => ({ name: 'A sector' }),
  'PATCH auth/sectors/{id}/': () => ({ name: 'A sector' }),
  'POST planner/keywords/': (has) => ({
    site_id: has.site,
    sector_id: has.sector,
    keyword: 'a keyword',
  }),
  'PUT planner/keywords/{id}/': () => ({ volume: 1 }),
  'PATCH planner/keywords/{id}/': () => ({ volume: 1 }),
  'POST planner/keywords/bulk_delete/': (has) => ({ ids: [has.keyword] }),
  'POST planner/keywords/bulk_update_status/': (has) => ({
    ids: [has.keyword],
    status: 'archived',
  }),
  'POST planner/keywords/import_csv/': csv,
  'POST planner/keywords/auto_cluster/': (has) => ({
    ids: [has.keyword],
    site_id: has.site,
    sector_id: has.sector,
  }),
  'POST planner/clusters/': (has) => ({
    site_id: has.site,
    sector_id: has.sector,
    name: 'A cluster',
  }),
  'PUT planner/clusters/{id}/': () => ({ description: 'x' }),
  'PATCH planner/clusters/{id}/': () => ({ description: 'x' }),
  'POST planner/clusters/auto_generate_ideas/': (has) => ({ ids: [has.cluster] }),
  'POST planner/ideas/': (has) => ({
    site_id: has.site,
    sector_id: has.sector,
    idea_title: 'An idea',
  }),
  'PUT planner/ideas/{id}/': () => ({ description: 'x' }),
  'PATCH planner/ideas/{id}/': () => ({ description: 'x' }),
  'POST planner/ideas/bulk_queue_to_writer/': (has) => ({ ids: [has.idea] }),
  'POST writer/tasks/': (has) => ({ site_id: has.site, sector_id: has.sector, title: 'A task' }),
  'PUT writer/tasks/{id}/': () => ({ description: 'x' }),
  'PATCH writer/tasks/{id}/': () => ({ description: 'x' }),
  'POST writer/tasks/bulk_delete/': (has) => ({ ids: [has.task] }),
  'POST writer/tasks/bulk_update/': (has) => ({ ids: [has.task], status: 'review' }),
  'POST writer/tasks/auto_generate_content/': (has) => ({ ids: [has.task] }),
  'POST writer/tasks/auto_generate_images/': (has) => ({ ids: [has.task] }),
  'POST writer/tasks/publish/': (has) => ({ ids: [has.task] }),
  'POST writer/tasks/{id}/resolve_conflict/': () => ({ conflict_id: 'x', choices: [] }),
  'POST writer/internal_links/accept/': (has) => ({ ids: [has.internalLink] }),
  'POST writer/internal_links/dismiss/': (has) => ({ ids: [has.internalLink] }),
  'POST writer/tasks/approve/': (has) => ({ ids: [has.task] }),
  'PUT writer/content/{id}/': () => ({ html_content: '<p>x</p>' }),
  'PATCH writer/content/{id}/': () => ({ html_content: '<p>x</p>' }),
  'POST system/prompts/': () => ({ prompt_type: 'ideas' }),
  'PUT system/prompts/{id}/': () => ({ prompt_value: 'Group {keywords}.' }),
  'PATCH system/prompts/{id}/': () => ({ is_active: true }),
  'POST system/prompts/dry_run/': (has) => ({ prompt_type: 'ideas', cluster_id: has.cluster }),
  'POST system/author_profiles/': () => ({ name: 'An author' }),
  'PUT system/author_profiles/{id}/': () => ({ tone: 'dry' }),
  'PATCH system/author_profiles/{id}/': () => ({ tone: 'dry' }),
  'POST system/strategies/': (has) => ({ name: 'A strategy', sector_id: has.sector }),
  'PUT system/strategies/{id}/': () => ({ description: 'x' }),
  'PATCH system/strategies/{id}/': () => ({ description: 'x' }),
  ...saving('openai', { api_key: 'sk-test-1234' }),
  ...saving('runware', { api_key: 'sk-test-1234', size: '1024x1024' }),
  ...saving('gsc', { client_id: 'a-client', client_secret: 'a-secret' }),
  ...saving('image_generation', { provider: 'local' }),
  'POST system/settings/integrations/{type}/generate_image/': () => ({ prompt: 'A red bicycle' }),
  'POST planner/keywords/import_gsc/': (has) => ({
    site_id: has.site,
    sector_id: has.sector,
    property: 'sc-domain:example.com',
  }),
}
