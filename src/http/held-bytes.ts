import { FraudError } from '../core/errors.ts'
import { networkOf } from './connections.ts'

const chunkEveryMs = 4
/** The share of one address; behind a proxy all clients have the proxy's address. */
const mostShare = 0.5

/** What is held for, by the connection that it came from. */
interface Sent {
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/**
 * What bodies under way hold in memory, all together: bounded, so that no number of senders can fill it, and of one
 * address to half of that, so that a thousand streams that drip leave room for others. Of large ones a chunk is read
 * every four milliseconds, 16 MB a second: at the speed of memory their chunks alone would keep the collection of
 * garbage busy, and everybody waiting for it.
 */
export class HeldBytes {
  readonly #mostBytes: number
  #bytes = 0
  readonly #byAddress = new Map<string, number>()
  readonly #waiting: (() => void)[] = []

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Throws OVERLOADED where there is no room, and then takes none. */
  take(bytes: number, sent: Sent): void {
    if (!this.mayTake(bytes, sent)) throw new FraudError('OVERLOADED', 'Too many large bodies are being sent at once')
  }

  /** As `take`; false where there is no room. */
  mayTake(bytes: number, { socket }: Sent): boolean {
    const address = networkOf(socket.remoteAddress ?? '')
    const own = (this.#byAddress.get(address) ?? 0) + bytes
    if (this.#bytes + bytes > this.#mostBytes || own > mostShare * this.#mostBytes) return false
    this.#bytes += bytes
    this.#byAddress.set(address, own)
    // The address of a connection that is gone can't be asked for any more.
    heldBy.set(socket, address)
    return true
  }

  give(bytes: number, { socket }: Sent): void {
    const address = heldBy.get(socket) ?? ''
    const left = (this.#byAddress.get(address) ?? 0) - bytes
    this.#bytes -= bytes
    if (left > 0) this.#byAddress.set(address, left)
    else this.#byAddress.delete(address)
  }

  /** Calls back when it is a body's turn to be read from again. */
  waitForTurn(go: () => void): void {
    if (this.#waiting.push(go) === 1) setTimeout(this.#next, chunkEveryMs)
  }

  readonly #next = (): void => {
    const go = this.#waiting.shift()
    if (this.#waiting.length > 0) setTimeout(this.#next, chunkEveryMs)
    go?.()
  }
}

const heldBy = new WeakMap<Sent['socket'], string>()
