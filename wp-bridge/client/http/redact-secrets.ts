type Credentials = { username: string; appPassword: string }

const REMOVED = '[removed]'
/** How JSON and URLs write characters of passwords, keys and their encodings. */
const WRITTEN: Record<string, string> = {
  ' ': '(?: |%20|\\+)',
  '/': '(?:\\\\?/|%2F)',
  '+': '(?:\\+|%2B|\\\\u002b)',
  '=': '(?:=|%3D|\\\\u003d)',
}
const WEBHOOK_KEY = /whsec_(?:[\w+=-]|\\?\/|%2F|%2B|%3D|\\u002b|\\u003d)+/gi

/**
 * Removes webhook keys and the given credentials from a text, in case a site repeats them. Finds
 * them also as JSON and URLs write them.
 */
export function redactSecrets(text: string, credentials?: Credentials): string {
  const secrets = credentials ? secretsOf(credentials) : []
  const shown = secrets.reduce((kept, secret) => kept.replaceAll(patternOf(secret), REMOVED), text)
  return shown.replaceAll(WEBHOOK_KEY, REMOVED)
}

function secretsOf({ username, appPassword }: Credentials): string[] {
  const passwords = [appPassword, appPassword.replaceAll(' ', '')]
  const basic = passwords.map((one) => Buffer.from(`${username}:${one}`).toString('base64'))
  return [...basic, ...passwords].filter(Boolean)
}

function patternOf(secret: string): RegExp {
  const characters = [...secret].map(
    (character) => WRITTEN[character] ?? character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&'),
  )
  return new RegExp(characters.join(''), 'g')
}
