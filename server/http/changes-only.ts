import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from './endpoint.ts'

/**
 * Lets a PUT send a whole object as it was read: what stands as it is sent, and what the object shows
 * and nobody may set, is taken out before the rest is checked. `read` resolves to the object, or throws
 * a 404; `settable` has the names that an update takes.
 */
export function changesOnly(
  read: (c: Context<AppEnv>) => Promise<object>,
  settable: object,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const sent = parsed(await c.req.text())
    if (!sent) return next()
    const shown = parsed(JSON.stringify(await read(c))) ?? {}
    const changes = Object.entries(sent).filter(
      ([name, value]) =>
        !Object.hasOwn(shown, name) ||
        (Object.hasOwn(settable, name) && !isSame(shown[name], value)),
    )
    const { url, method, headers } = c.req.raw
    const body = JSON.stringify(Object.fromEntries(changes))
    c.req.raw = new Request(url, { method, headers, body })
    c.req.bodyCache = {}
    return next()
  }
}

/** An object; anything else is for the checks to refuse. */
function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
