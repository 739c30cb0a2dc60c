import { createHmac, timingSafeEqual } from 'node:crypto'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Reply } from './replies.ts'
import { decodeReply, encodeReply } from './reply-wire.ts'

/** A front's address is host:port, then # and what no other start of it has. */
const proofBytes = 32
const longestFrame = 4 * 2 ** 20
/** What waits for a front that does not read is thrown away past this: it asks again. */
const mostWaitingBytes = 8 * 2 ** 20

export interface TcpRepliesOptions {
  readonly host: string
  readonly port: number
  /** Where other replicas reach it. */
  readonly advertise: string
  /** Sets this start of the front apart from all others. */
  readonly start: string
  /** Known to all replicas of a cluster and to nobody else: a reply becomes a part of somebody's decision. */
  readonly key: string
}

/** Carries replies from folds to fronts over TCP; what does not arrive is asked for again. */
export class TcpReplies {
  readonly address: string
  readonly #options: TcpRepliesOptions
  readonly #server: Server
  readonly #sockets = new Map<string, Socket>()
  readonly #accepted = new Set<Socket>()
  #take: (reply: Reply) => void = () => {}

  constructor(options: TcpRepliesOptions) {
    this.#options = options
    this.address = `${options.advertise}#${options.start}`
    this.#server = createServer((socket) => this.#accept(socket))
  }

  receive(take: (reply: Reply) => void): void {
    this.#take = take
  }

  listen(): Promise<void> {
    const { host, port } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, resolve)
    })
  }

  send(reply: Reply): void {
    const { front } = reply.to
    // Later, as any other reply: whoever sends is in the middle of an entry.
    if (front === this.address) return void setImmediate(() => this.#take(reply))
    const socket = this.#sockets.get(front) ?? this.#connect(front)
    if (socket.writableLength > mostWaitingBytes) return
    const bytes = encodeReply(reply)
    const frame = Buffer.allocUnsafe(4 + bytes.length)
    frame.writeUInt32LE(bytes.length)
    frame.set(bytes, 4)
    if (!socket.writableCorked) {
      socket.cork()
      setImmediate(() => socket.uncork())
    }
    socket.write(frame)
  }

  close(): void {
    this.#server.close()
    for (const socket of [...this.#sockets.values(), ...this.#accepted]) socket.destroy()
  }

  #connect(front: string): Socket {
    const [, host = '', port = ''] = /^\[?(.+?)\]?:(\d+)#/.exec(front) ?? []
    const socket = connect({ host, port: Number(port), noDelay: true })
    this.#sockets.set(front, socket)
    const forget = () => this.#sockets.delete(front)
    socket.on('error', forget)
    socket.on('close', forget)
    socket.unref()
    socket.write(this.#proof(front))
    return socket
  }

  #proof(front: string): Buffer {
    return createHmac('sha256', this.#options.key).update(`shrike-replies ${front}`).digest()
  }

  #accept(socket: Socket): void {
    let held: Buffer = Buffer.alloc(0)
    let isProven = false
    this.#accepted.add(socket)
    socket.on('close', () => this.#accepted.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.unref()
    socket.on('data', (bytes: Buffer) => {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      if (!isProven) {
        if (held.length < proofBytes) return
        isProven = timingSafeEqual(held.subarray(0, proofBytes), this.#proof(this.address))
        held = held.subarray(proofBytes)
      }
      const rest = isProven ? this.#takeFrames(held) : undefined
      if (rest === undefined) socket.destroy()
      else held = rest
    })
  }

  /** The bytes that are not a whole frame yet; undefined where they are not replies. */
  #takeFrames(bytes: Buffer): Buffer | undefined {
    let at = 0
    while (bytes.length - at >= 4) {
      const length = bytes.readUInt32LE(at)
      if (length > longestFrame) return undefined
      if (bytes.length - at - 4 < length) break
      try {
        this.#take(decodeReply(bytes.subarray(at + 4, at + 4 + length)))
      } catch {
        return undefined
      }
      at += 4 + length
    }
    return bytes.subarray(at)
  }
}
