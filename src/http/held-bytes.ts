import { FraudError } from '../core/errors.ts'

const chunkEveryMs = 1

/**
 * What bodies under way hold in memory, all together: bounded, so that no number of senders can fill it. Of large ones a
 * chunk is read every millisecond: at the speed of memory their chunks alone would keep the collection of garbage busy.
 */
export class HeldBytes {
  readonly #mostBytes: number
  #bytes = 0
  readonly #waiting: (() => void)[] = []

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Throws OVERLOADED where there is no room, and then takes none. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#mostBytes) {
      throw new FraudError('OVERLOADED', 'Too many large bodies are being sent at once')
    }
    this.#bytes += bytes
  }

  give(bytes: number): void {
    this.#bytes -= bytes
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
