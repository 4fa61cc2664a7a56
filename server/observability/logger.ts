/** The logger; pino in Node. */
export type Logger = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The names of fields that are redacted in logs. */
export const SECRET_FIELDS = [
  'password',
  'wp_app_password',
  'api_key',
  'client_secret',
  'refresh_token',
  'authorization',
  'refresh',
  'access',
]
