import net from 'node:net'

export type OpenRequest = {
  /** All that the service has answered, once it closed the connection. */
  answer: Promise<string>
  send(text: string): void
  abandon(): void
}

/** Sends the beginning of a request, and leaves it open. */
export function openSocket(url: string, text: string): OpenRequest {
  const { hostname, port } = new URL(url)
  const socket = net.connect(Number(port), hostname)
  socket.write(text)
  const answer = new Promise<string>((resolve) => {
    let received = ''
    socket.on('data', (bytes) => {
      received += bytes
    })
    for (const event of ['end', 'error', 'close']) socket.on(event, () => resolve(received))
  })
  return {
    answer,
    send: (more) => void socket.write(more),
    abandon: () => socket.destroy(),
  }
}

/** Sends a head and the beginning of its body, and leaves the request open. */
export function openRequest(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
): OpenRequest {
  const lines = Object.entries({ host: 'x', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  return openSocket(url, `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** The status of the answer, or `late` when none has come after `ms`. */
export async function statusWithin({ answer }: OpenRequest, ms: number): Promise<number | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const patience = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms)
  })
  const text = await Promise.race([answer, patience])
  clearTimeout(timer)
  return text === 'late' ? text : Number(/^HTTP\/1.1 (\d+)/.exec(text)?.[1])
}
