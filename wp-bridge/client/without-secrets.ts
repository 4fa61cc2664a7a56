/**
 * Text without what a request was signed in with, in case a site says it back, and without keys of
 * webhooks.
 */
export function withoutSecrets(
  text: string,
  { username, appPassword }: { username: string; appPassword: string },
): string {
  const basic = Buffer.from(`${username}:${appPassword}`).toString('base64')
  const secrets = [basic, appPassword, appPassword.replaceAll(' ', '')].filter(Boolean)
  const shown = secrets.reduce((kept, secret) => kept.replaceAll(secret, REMOVED), text)
  return shown.replaceAll(/whsec_[\w+/=-]+/g, REMOVED)
}

const REMOVED = '[removed]'
