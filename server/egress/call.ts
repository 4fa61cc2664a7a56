import {
  DecoratorHandler,
  type Dispatcher,
  type Response as Raw,
  fetch as undiciFetch,
} from 'undici'
import { cappedBody } from './body.ts'
import { EgressError, type Sent } from './error.ts'

const NO_BODY = new Set([204, 205, 304])
const TRY_LATER = 'Try again later.'
const CHECK_FIRST = 'Check whether the server carried out the request, then try again.'
/** How much of the body of an error is read, in bytes: more than any message shows. */
const MAX_ERROR_BYTES = 64 * 1024

export type Outgoing = {
  method: string
  headers: Headers
  body: Uint8Array | undefined
  signal: AbortSignal | undefined
  timeoutMs: number
  maxBytes: number
}

/**
 * Sends one request and returns its response, including redirects. The limits apply until the body
 * was read. Throws an `EgressError`, or the reason of the signal when the caller aborted.
 */
export async function call(url: URL, request: Outgoing, agent: Dispatcher): Promise<Response> {
  request.signal?.throwIfAborted()
  const timer = startTimer(request.timeoutMs, request.signal)
  const progress: { sent: Sent } = { sent: false }
  const failure = (error: unknown): unknown => {
    if (timer.isOver()) return timedOut(url, request.timeoutMs, progress.sent)
    if (request.signal?.aborted) return request.signal.reason
    return egressErrorOf(error, url, progress.sent)
  }
  try {
    const { method, headers, body } = request
    const raw = await undiciFetch(url, {
      method,
      headers: [...headers],
      body,
      redirect: 'manual',
      signal: timer.signal,
      dispatcher: agent.compose(noteStart(() => (progress.sent = 'unknown'))),
    })
    progress.sent = true
    return await answerOf(raw, url, request.maxBytes, { failure, onEnd: timer.stop })
  } catch (error) {
    timer.stop()
    throw failure(error)
  }
}

/** A signal that aborts when the time is over or the caller aborts. */
function startTimer(ms: number, caller: AbortSignal | undefined) {
  const controller = new AbortController()
  const abort = () => controller.abort()
  let over = false
  const timer = setTimeout(() => {
    over = true
    abort()
  }, ms)
  timer.unref()
  caller?.addEventListener('abort', abort, { once: true })
  return {
    signal: controller.signal,
    isOver: () => over,
    stop() {
      clearTimeout(timer)
      caller?.removeEventListener('abort', abort)
    },
  }
}

type Starting = {
  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void
}
/** The types of undici omit its methods. */
const Decorator = DecoratorHandler as new (handler: Dispatcher.DispatchHandler) => Starting

/** Calls back right before the first byte of the request is written to its connection. */
function noteStart(onStart: () => void): Dispatcher.DispatcherComposeInterceptor {
  class Noting extends Decorator {
    override onRequestStart(controller: Dispatcher.DispatchController, context: unknown) {
      onStart()
      super.onRequestStart(controller, context)
    }
  }
  return (dispatch) => (options, handler) => dispatch(options, new Noting(handler))
}

/**
 * The platform’s own `Response` with a limited body. `url` is the address of the request. The body
 * of an error is cut off after 64 KB.
 */
async function answerOf(
  raw: Raw,
  url: URL,
  maxBytes: number,
  on: { failure: (error: unknown) => unknown; onEnd: () => void },
): Promise<Response> {
  const { status, statusText } = raw
  if (status < 200 || status > 599) {
    await raw.body?.cancel()
    const problem = `${url.origin} answered with status ${status}, which does not exist in HTTP.`
    throw new EgressError('egress_failed', problem, 'Ask the operator of the server.', true)
  }
  const isError = status >= 400
  const tooLarge = () => {
    if (isError) return undefined
    const problem = `${url.origin} answered with more than ${maxBytes} bytes.`
    return new EgressError('egress_too_large', problem, 'Check that the address is right.', true)
  }
  const hasBody = raw.body && !NO_BODY.has(status)
  if (!hasBody) on.onEnd()
  const body = hasBody
    ? cappedBody(raw.body as ReadableStream<Uint8Array>, {
        maxBytes: isError ? Math.min(maxBytes, MAX_ERROR_BYTES) : maxBytes,
        tooLarge,
        onFailure: on.failure,
        onEnd: on.onEnd,
      })
    : null
  const response = new Response(body, { status, statusText, headers: [...raw.headers] })
  return Object.defineProperty(response, 'url', { value: url.href })
}

function timedOut(url: URL, ms: number, sent: Sent): EgressError {
  const seconds = Math.max(0, Math.round(ms / 100) / 10)
  const { origin } = url
  const problem = sent
    ? `${origin} did not answer in full within ${seconds} s.`
    : `igny8 could not connect to ${origin} within ${seconds} s.`
  return new EgressError('egress_timeout', problem, TRY_LATER, sent)
}

/** Finds the cause in undici’s errors, which may wrap it more than once. */
function egressErrorOf(error: unknown, url: URL, sent: Sent): EgressError {
  let reason = error
  while (reason instanceof Error && !(reason instanceof EgressError) && reason.cause) {
    reason = reason.cause
  }
  if (reason instanceof EgressError) return reason
  const code = reason instanceof Error ? ((reason as NodeJS.ErrnoException).code ?? '') : ''
  const how = code ? ` (${code})` : ''
  const failed = (problem: string, remedy = TRY_LATER) =>
    new EgressError('egress_failed', problem, remedy, sent)
  if (sent === true) return failed(`${url.origin} sent only a part of its answer${how}.`)
  if (sent === 'unknown') {
    return failed(`${url.origin} closed the connection without an answer${how}.`, CHECK_FIRST)
  }
  const problem = `igny8 could not send a request to ${url.origin}${how}.`
  // The platform refuses the ports of other protocols, without a code.
  return failed(problem, code ? TRY_LATER : 'Use a port that is meant for web servers.')
}
