import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from './endpoint.ts'
import { giveJson } from './receive-body.ts'

/**
 * Lets a PUT send the whole object as it was read: unchanged and read-only fields are removed from the
 * body before it is validated. `read` resolves to the object or throws a 404; `settable` names the fields
 * that an update accepts.
 */
export function changesOnly(
  read: (c: Context<AppEnv>) => Promise<object>,
  settable: object,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const sent: unknown = await c.req.json().catch(() => undefined)
    // Validation refuses anything but an object.
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
