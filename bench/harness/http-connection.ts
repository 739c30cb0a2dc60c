import { connect, type Socket } from 'node:net'

const headEnd = Buffer.from('\r\n\r\n')

/** An answer, its body as text where the status is no success, and of a success where it was asked for. */
export interface Answer {
  readonly status: number
  readonly body: string
}

/**
 * One keep-alive connection with at most one request under way. Written for load generators: no more than a status and a
 * length are read of an answer, so that the generator costs a fraction of the server.
 */
export class HttpConnection {
  readonly #port: number
  readonly #path: string
  readonly #onAnswer: (answer: Answer, connection: HttpConnection) => void
  readonly #onBroken: (connection: HttpConnection, wasBusy: boolean) => void
  readonly #keepsBodies: boolean
  #socket: Socket
  #rest: Buffer | undefined
  #isBusy = false
  #isClosed = false

  constructor(
    port: number,
    path: string,
    onAnswer: (answer: Answer, connection: HttpConnection) => void,
    onBroken: (connection: HttpConnection, wasBusy: boolean) => void,
    keepsBodies = false,
  ) {
    this.#keepsBodies = keepsBodies
    this.#port = port
    this.#path = path
    this.#onAnswer = onAnswer
    this.#onBroken = onBroken
    this.#socket = this.#connect()
  }

  send(body: string): void {
    this.#isBusy = true
    const head = `POST ${this.#path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: `
    this.#socket.write(`${head}${body.length}\r\n\r\n${body}`, 'latin1')
  }

  close(): void {
    this.#isClosed = true
    this.#socket.destroy()
  }

  #connect(): Socket {
    const buffer = Buffer.alloc(65_536)
    const socket = connect({
      port: this.#port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback: (length, bytes) => {
          this.#read(Buffer.from(bytes.buffer, bytes.byteOffset, length))
          return true
        },
      },
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.#isClosed) return
      const wasBusy = this.#isBusy
      this.#isBusy = false
      this.#rest = undefined
      this.#socket = this.#connect()
      this.#onBroken(this, wasBusy)
    })
    return socket
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    const end = bytes.indexOf(headEnd)
    const head = end === -1 ? '' : bytes.toString('latin1', 0, end)
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN)
    if (end !== -1 && Number.isNaN(length)) throw new Error(`An answer without a length: ${head}`)
    if (end === -1 || bytes.length < end + 4 + length) {
      // The buffer is used again for what comes next.
      this.#rest = Buffer.from(bytes)
      return
    }
    this.#rest = undefined
    this.#isBusy = false
    const status = Number(head.slice(9, 12))
    const isKept = status >= 300 || this.#keepsBodies
    const body = isKept ? bytes.toString('utf8', end + 4, end + 4 + length) : ''
    this.#onAnswer({ status, body }, this)
  }
}
