import type { Duplex } from 'node:stream'
import type { Settle } from '../plain-handler.ts'
import type { KnownHead } from './known-heads.ts'
import type { LaneRoute } from './lane-route.ts'

/** A connection, and whose it is. */
export type LaneSocket = Duplex & { readonly remoteAddress?: string | undefined }

/** What lanes share. */
export interface LaneService<Route = LaneRoute> {
  /** The head that these bytes begin with, where the lane takes its request. */
  find(bytes: Buffer): KnownHead<Route> | undefined
  /**
   * Begins to answer; false where the request is for node's server.
   *
   * @param settle is called at once or later, or `leave` in its place, where the request turns out to be for node's server.
   */
  begin(head: KnownHead<Route>, body: Buffer, arrivedMs: number, settle: Settle, leave: () => void): boolean
  /** What a request settled with, as bytes for the client, and counted. */
  answer(route: Route, error: unknown, json: string, arrivedMs: number): string
  /** Whether so many bytes may be held for a connection; `letGo` is told of them once they are not. */
  mayHold(socket: LaneSocket, bytes: number): boolean
  letGo(socket: LaneSocket, bytes: number): void
  /**
   * Has node's server go on with a connection, as if it had just come and these were its first bytes; where the client has
   * said all, its last, too.
   */
  passOn(socket: LaneSocket, bytes: Buffer): void
  /** Answers what can't be a request, and closes the connection. */
  refuse(socket: LaneSocket, code: 'HPE_INVALID_EOF_STATE' | 'ERR_HTTP_REQUEST_TIMEOUT'): void
  forget(lane: Lane<Route>): void
}

/** How long a connection may be in each state. */
export interface LaneTimes {
  readonly firstRequestMs: number
  readonly bodyMs: number
  readonly keepAliveMs: number
  readonly answerMs: number
}

/**
 * `new` and `idle` wait for a request, `body` for the rest of one, `busy` for its answer, `unread` for the client to read
 * answers; `left` is no longer the lane's.
 */
type State = 'new' | 'idle' | 'body' | 'busy' | 'unread' | 'left'

/**
 * A connection whose requests come one after the other, each whole at once or in two pieces. At anything else node's
 * server takes the connection over, for good and with every byte that was not answered: there are no second ways of
 * reading a request.
 */
export class Lane<Route = LaneRoute> {
  readonly #socket: LaneSocket
  readonly #service: LaneService<Route>
  #state: State = 'new'
  #sinceMs: number
  /** What was read and not answered yet. */
  #held: Buffer | undefined

  constructor(socket: LaneSocket, service: LaneService<Route>, nowMs: number) {
    this.#socket = socket
    this.#service = service
    this.#sinceMs = nowMs
    socket.on('data', this.#take).on('end', this.#end).on('drain', this.#goOn)
    socket.on('error', ignore).on('close', this.#close)
  }

  get isIdle(): boolean {
    return this.#state === 'new' || this.#state === 'idle'
  }

  cut(): void {
    this.#socket.destroy()
  }

  /** Ends what has lasted too long. */
  look(nowMs: number, times: LaneTimes): void {
    const stillMs = nowMs - this.#sinceMs
    switch (this.#state) {
      case 'new':
        if (stillMs > times.firstRequestMs) this.#refuse('ERR_HTTP_REQUEST_TIMEOUT')
        return
      case 'idle':
        if (stillMs > times.keepAliveMs) this.#socket.destroy()
        return
      case 'body':
        if (stillMs > times.bodyMs) this.#leave()
        return
      case 'busy':
      case 'unread':
        if (stillMs > times.answerMs) this.#socket.destroy()
        return
      case 'left':
    }
  }

  readonly #take = (chunk: Buffer): void => {
    const before = this.#held
    const bytes = before === undefined ? chunk : Buffer.concat([before, chunk])
    if (this.#state === 'busy' || this.#state === 'unread') {
      // Whoever sends more than there is room for does not wait for answers.
      if (this.#hold(bytes)) this.#socket.pause()
      else this.#socket.destroy()
      return
    }
    const head = this.#service.find(bytes)
    const end = head === undefined ? 0 : head.text.length + head.bodyBytes
    if (head === undefined || (bytes.length < end && before !== undefined)) {
      this.#leave(bytes)
      return
    }
    this.#sinceMs = performance.now()
    if (bytes.length < end) {
      // Node's way says what there is no room for.
      if (this.#hold(bytes)) this.#state = 'body'
      else this.#leave(bytes)
      return
    }
    if (!this.#hold(bytes.length === end ? undefined : bytes.subarray(end))) {
      this.#leave(bytes)
      return
    }
    this.#state = 'busy'
    const body = bytes.subarray(head.text.length, end)
    const settle = this.#settleOnce(head.route, this.#sinceMs)
    const leave = () => {
      if (this.#state === 'busy') this.#leave(Buffer.concat([bytes.subarray(0, end), this.#held ?? nothing]))
    }
    if (!this.#service.begin(head, body, this.#sinceMs, settle, leave)) this.#leave(bytes)
  }

  /** Answers one request, and is deaf afterwards: what comes late is not the answer to the next one. */
  #settleOnce(route: Route, arrivedMs: number): Settle {
    let isOpen = true
    return (error, json) => {
      if (!isOpen || this.#state !== 'busy' || this.#socket.destroyed) return
      const answer = this.#service.answer(route, error, json, arrivedMs)
      isOpen = false
      // The client was promised a time from its answer on.
      this.#sinceMs = performance.now()
      this.#write(answer)
    }
  }

  #write(answer: string): void {
    const socket = this.#socket
    const isRead = socket.write(answer, isAscii(answer) ? 'latin1' : 'utf8')
    this.#state = isRead ? 'idle' : 'unread'
    // More than one at a time is for node's server, in order and with bounds of its own.
    if (this.#held === undefined) {
      if (socket.readableEnded) socket.end()
    } else if (isRead) this.#leave()
  }

  /** The client has read what it had not. */
  readonly #goOn = (): void => {
    if (this.#state !== 'unread') return
    this.#state = 'idle'
    this.#sinceMs = performance.now()
    if (this.#held !== undefined) this.#leave()
  }

  /** Nothing more comes, but answers that are under way may still be read. */
  readonly #end = (): void => {
    if (this.#state === 'body') this.#refuse('HPE_INVALID_EOF_STATE')
    else if (this.#state !== 'busy' && this.#held === undefined) this.#socket.end()
  }

  readonly #close = (): void => {
    this.#state = 'left'
    this.#hold(undefined)
    this.#service.forget(this)
  }

  /** Holds these bytes in place of others; false where there is no room for them, and then it holds none. */
  #hold(bytes: Buffer | undefined): boolean {
    const before = this.#held
    if (before !== undefined) this.#service.letGo(this.#socket, before.length)
    this.#held = bytes !== undefined && this.#service.mayHold(this.#socket, bytes.length) ? bytes : undefined
    return this.#held === bytes
  }

  #refuse(code: Parameters<LaneService['refuse']>[1]): void {
    this.#letGo()
    // What still comes is read and dropped.
    this.#socket.on('error', ignore).resume()
    this.#service.refuse(this.#socket, code)
  }

  #leave(bytes = this.#held ?? nothing): void {
    this.#letGo()
    this.#service.passOn(this.#socket, bytes)
  }

  #letGo(): void {
    const socket = this.#socket
    socket.off('data', this.#take).off('end', this.#end).off('drain', this.#goOn)
    socket.off('error', ignore).off('close', this.#close)
    this.#close()
  }
}

const nothing = Buffer.alloc(0)

function ignore(): void {
  // The connection closes after an error, which says enough.
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}
