import { FraudError } from '../core/errors.ts'

/** What bodies under way hold in memory, all together: bounded, so that no number of senders can fill it. */
export class HeldBytes {
  readonly #mostBytes: number
  #bytes = 0

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
}
