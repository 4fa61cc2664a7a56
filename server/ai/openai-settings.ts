/** What an account's `openai` settings are where it set nothing. */
export const OPENAI_DEFAULTS = {
  base_url: 'https://api.openai.com/v1',
  model: 'gpt-4o-mini',
  image_model: 'gpt-image-1',
}
