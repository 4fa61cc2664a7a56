import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from './endpoint.ts'
import { giveJson } from './receive-body.ts'

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
    const sent: unknown = await c.req.json().catch(() => undefined)
    // Anything but an object is for the checks to refuse.
    if (!isObject(sent)) return next()
    const shown: Record<string, unknown> = JSON.parse(JSON.stringify(await read(c)))
    const changes = Object.entries(sent).filter(
      ([name, value]) =>
        !Object.hasOwn(shown, name) ||
        (Object.hasOwn(settable, name) && !isSame(shown[name], value)),
    )
    giveJson(c, Object.fromEntries(changes))
    return next()
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
