import { type Server, STATUS_CODES } from 'node:http'
import { Socket } from 'node:net'
import { DomainError } from '../errors.ts'
import { PROBLEM_TYPE, problemOf } from './problem.ts'

/** How long the headers of a request may take to arrive. */
const HEADERS_MS = 20_000
/** How often Node checks for requests that exceed the limits. */
const CHECK_MS = 2_000
/** A last resort. Handlers limit the time of each body; an import has an hour. */
const REQUEST_MS = 65 * 60_000

/** The options of Node's `createServer`. */
export const SERVER_OPTIONS = {
  headersTimeout: HEADERS_MS,
  requestTimeout: REQUEST_MS,
  connectionsCheckingInterval: CHECK_MS,
}

/** How long, and up to how many bytes, a body is still read after the response. */
const LINGER_MS = 10_000
const LINGER_BYTES = 32 * 1024 * 1024

/**
 * Closes the connection after a response that is sent before the whole request has arrived. The rest of
 * the request is read and discarded first: closing a socket with unread bytes resets it, and the client
 * would lose the response.
 */
export function endUnreadRequests(server: Server): void {
  server.prependListener('request', (request, response) => {
    const { socket } = request
    const writeHead = response.writeHead.bind(response) as (...parts: unknown[]) => typeof response
    response.writeHead = (...parts: unknown[]) => {
      if (!request.complete) response.shouldKeepAlive = false
      return writeHead(...parts)
    }
    let lingers = false
    socket.destroySoon = () => {
      if (request.complete) return Socket.prototype.destroySoon.call(socket)
      if (lingers) return
      lingers = true
      socket.end()
      const end = () => socket.destroy()
      const patience = setTimeout(end, LINGER_MS)
      let bytes = 0
      request.removeAllListeners('data').on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > LINGER_BYTES) end()
      })
      request.once('end', end).resume()
      socket.once('close', () => clearTimeout(patience))
    }
  })
}

const PROBLEMS: Record<string, DomainError> = {
  HPE_HEADER_OVERFLOW: new DomainError(
    'headers_too_large',
    'The URL and the headers must not exceed 16 KB together. Send fewer or shorter ones.',
  ),
  ERR_HTTP_REQUEST_TIMEOUT: new DomainError(
    'request_timeout',
    'The request did not arrive in time. Send it again.',
  ),
}
const MALFORMED = new DomainError('malformed_request', 'The request is not valid HTTP.')

/** Responds with a problem to bytes that are not HTTP, or headers that are too large or too slow. */
export function answerMalformed(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable) return void socket.destroy()
    const request_id = crypto.randomUUID()
    const { status, text } = problemOf(PROBLEMS[error.code ?? ''] ?? MALFORMED, request_id)
    const headers = [
      `content-type: ${PROBLEM_TYPE}`,
      `content-length: ${Buffer.byteLength(text)}`,
      `x-request-id: ${request_id}`,
      'connection: close',
    ]
    const line = `HTTP/1.1 ${status} ${STATUS_CODES[status]}`
    socket.end(`${line}\r\n${headers.join('\r\n')}\r\n\r\n${text}`)
  })
}
