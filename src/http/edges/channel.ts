import type { RingNotice } from './edge-messages.ts'
import { type RingMemory, RingReader, RingWriter } from './ring.ts'

type Write = (bytes: Buffer, at: number) => void

/**
 * One side of the two rings between an edge and the thread that decides. Messages are shown once in a turn of the loop,
 * and the other side is woken only where it sleeps: while messages come it looks by itself, once in a turn. One that has
 * no room in the ring goes as a message between threads, so nobody waits for room; it may overtake others, which are of
 * other requests.
 */
export class Channel {
  readonly #writer: RingWriter
  readonly #reader: RingReader
  readonly #say: (notice: RingNotice) => void
  readonly #take: (message: Buffer) => void
  #isScheduled = false

  constructor(
    to: RingMemory,
    from: RingMemory,
    { say, take }: { readonly say: (notice: RingNotice) => void; readonly take: (message: Buffer) => void },
  ) {
    this.#writer = new RingWriter(to)
    this.#reader = new RingReader(from)
    this.#say = say
    this.#take = take
    if (!this.#reader.sleep()) this.#turnLater()
  }

  /** @param write puts that many bytes at that place. */
  send(length: number, write: Write): void {
    const at = this.#writer.begin(length)
    if (at === -1) {
      const message = Buffer.allocUnsafeSlow(length)
      write(message, 0)
      this.#say({ message })
      return
    }
    write(this.#writer.bytes, at)
    this.#writer.end()
    this.#turnLater()
  }

  hear(notice: RingNotice): void {
    if (notice === 'wake') this.#look()
    else this.#take(Buffer.from(notice.message))
  }

  /** Shows what was sent and takes what has come, for a turn of the loop that is long. Not to be called by what takes. */
  exchange(): void {
    if (this.#writer.publish()) this.#say('wake')
    this.#reader.drain(this.#take)
  }

  #turnLater(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#turn)
  }

  /** Once in each turn of the loop in which something was sent or taken, and in the one after those. */
  readonly #turn = (): void => {
    this.#isScheduled = false
    if (this.#writer.publish()) this.#say('wake')
    this.#look()
  }

  #look(): void {
    let isAsleep = false
    try {
      isAsleep = this.#reader.drain(this.#take) === 0 && this.#reader.sleep()
    } finally {
      // Behind a message that could not be taken, too, for whoever does not sleep is not woken.
      if (!isAsleep) this.#turnLater()
    }
  }
}
