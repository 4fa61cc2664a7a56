import type { Client } from '../../helpers/client.ts'

/** A running service, seen from outside: another process, reached over HTTP and by signals alone. */
export type Target = {
  url: string
  /** Of the service itself; its PostgreSQL is another process. */
  pid: number
  dataDir: string
  /** Registers a new account and returns its owner's client. */
  owner(name?: string): Promise<Client>
  /** Kills the service with SIGKILL and starts it again over the same data, at the same address. */
  restart(): Promise<void>
  /** Stops the service with SIGTERM and returns its exit code, or null when it had to be killed after 35 s. */
  terminate(): Promise<number | null>
}

/** One way to stop or abuse the service. */
export type Attack = {
  /** What is tried, as a sentence: "sends a body of 40 MB without a token". */
  name: string
} & (
  | Assault
  | {
      /** Starts what must run before the service does, such as a hostile site. */
      prepare(): Promise<Assault & { stop(): Promise<void> }>
    }
)

export type Assault = {
  /** Settings of the service beside its defaults. */
  environment?: Record<string, string>
  /**
   * Runs against a service of its own. Returns what was seen, with figures; throws `HoleError` when
   * the attack succeeds.
   */
  run(target: Target): Promise<string>
}

/** The attack succeeded; the message says what was seen. */
export class HoleError extends Error {}

/** Milliseconds until `/healthz` answers 200, or a `HoleError` when that takes more than a second. */
export async function assertAlive({ url }: Target): Promise<number> {
  const began = performance.now()
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(10_000) }).catch(
    () => undefined,
  )
  const ms = Math.round(performance.now() - began)
  if (response?.status !== 200) throw new HoleError(`/healthz did not answer within ${ms} ms`)
  if (ms > 1000) throw new HoleError(`/healthz took ${ms} ms`)
  return ms
}
