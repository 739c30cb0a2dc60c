import { connect, type Socket } from 'node:net'

type Parts = readonly (string | Buffer)[]

const probe = 'GET /healthz HTTP/1.1\r\nHost: shrike\r\n\r\n'

/**
 * What a client gets for these bytes, and for a probe behind the first answer, to the byte but for the date.
 *
 * @param way `node`: after a request that is not the lane's, so that node's server has the connection from its begin.
 */
export async function answersBy(port: number, way: 'lane' | 'node', parts: Parts, end = false): Promise<string> {
  const client = new Client(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
  try {
    if (way === 'node') {
      client.write(probe)
      await client.answers(1)
    }
    const before = client.received.length
    for (const [i, part] of parts.entries()) {
      if (i > 0) await pause()
      client.write(part)
    }
    if (end) client.end()
    const count = way === 'node' ? 1 : 0
    await client.answers(count + 1)
    if (!end) client.write(probe)
    await client.probes(count + 1)
    return `${normal(client.received.slice(before))}${client.isClosed ? '<closed>' : ''}`
  } finally {
    client.close()
  }
}

/** Long enough for the server to read what was written so far. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 15))
}

function normal(answers: string): string {
  return answers.replaceAll(/^Date: .*$/gm, 'Date: now').replaceAll(/"decidedAt":"[^"]*"/g, '"decidedAt":"now"')
}

class Client {
  readonly #socket: Socket
  received = ''
  isClosed = false
  #look = () => {}

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay().setEncoding('latin1')
    socket.on('data', (chunk) => {
      this.received += chunk
      this.#look()
    })
    const close = () => {
      this.isClosed = true
      this.#look()
    }
    socket.on('end', close).on('close', close)
    // A reset tells no more than that it is closed.
    socket.on('error', close)
  }

  write(bytes: string | Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  end(): void {
    this.#socket.end()
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Resolves once there are so many answers in all, or no more will come. */
  answers(count: number): Promise<void> {
    return this.#until(() => countWhole(this.received) >= count)
  }

  /** Resolves once so many probes were answered, or no more will be. */
  probes(count: number): Promise<void> {
    return this.#until(() => this.received.split('{"status":"ok"}').length > count)
  }

  #until(isEnough: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (this.isClosed || isEnough()) resolve()
      }
      this.#look()
    })
  }
}

function countWhole(received: string): number {
  let count = 0
  for (let at = 0; ; ) {
    const end = received.indexOf('\r\n\r\n', at)
    if (end === -1) return count
    const length = Number(/^content-length: (\d+)$/im.exec(received.slice(at, end))?.[1] ?? 0)
    at = end + 4 + length
    if (at > received.length) return count
    if (!received.startsWith('HTTP/1.1 100', at)) count += 1
  }
}
