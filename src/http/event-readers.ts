import type { ServerResponse } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EventType } from '../events/event.ts'
import type { EventHub } from '../events/event-hub.ts'

/** No reader is sent more than four messages a second; many are sent so many together, since writing one takes 20 µs. */
const lookEveryMs = 250
const messagesPerSecond = 150
/** What waits for the disk is there in a moment. */
const durableSoonMs = 10
/** Readers that are written to before others have their turn of the loop. */
const readersPerTurn = 16
/** Proxies cut connections that say nothing. */
const sayEveryMs = 10_000
/** A reader that takes nothing for so long is cut. */
const mostBlockedMs = 30_000
/** Whoever loses a key stops hearing of what happens. */
const askEveryMs = 15_000

interface Reader {
  readonly answer: ServerResponse
  readonly types: ReadonlySet<EventType>
  /** Whether its key or session is still good for this. */
  readonly mayStill: () => boolean
  /** The last event that it was sent or had left out, and the hub's restarts then. */
  number: number
  restarts: number
  saidMs: number
  askedMs: number
  /** Since when it takes nothing. */
  blockedMs: number | undefined
}

interface EventReadersOptions {
  readonly hub: EventHub
  readonly isDraining: () => boolean
  readonly nowMs: () => number
}

/**
 * Sends readers what happens, at their own pace: who does not take a message is sent nothing until it does, and then what
 * came meanwhile in one message, or that it is no longer known. So each holds one message at most.
 */
export class EventReaders {
  readonly #hub: EventHub
  readonly #options: EventReadersOptions
  readonly #readers = new Set<Reader>()
  /** Messages of this look, which readers at one place share. */
  readonly #messages = new Map<string, Buffer>()
  #isLooking = false
  /** Readers that were cut because they did not read, and messages that were sent. */
  cut = 0
  sent = 0

  constructor(options: EventReadersOptions) {
    this.#options = options
    this.#hub = options.hub
  }

  get open(): number {
    return this.#readers.size
  }

  /** @param place the last that it knows; undefined where it knows nothing yet. */
  add(
    answer: ServerResponse,
    { types, place, mayStill }: Pick<Reader, 'types' | 'mayStill'> & { readonly place: string | undefined },
  ): void {
    const hub = this.#hub
    hub.advance()
    const known = place === undefined ? hub.through : hub.numberAt(place)
    const nowMs = this.#options.nowMs()
    const reader: Reader = {
      ...{ answer, types, mayStill, restarts: hub.restarts, number: known ?? hub.through },
      ...{ saidMs: nowMs, askedMs: nowMs, blockedMs: undefined },
    }
    this.#readers.add(reader)
    answer.once('close', () => this.#readers.delete(reader))
    const ready = { types: [...types], resumed: place !== undefined && known !== undefined }
    const idAtOnce = place === undefined ? `id: ${hub.place}\n` : ''
    answer.write(`retry: 2000\n${idAtOnce}event: ready\ndata: ${JSON.stringify(ready)}\n\n`)
    if (known === undefined) this.#tellReset(reader, 'unknown-id')
    if (!this.#isLooking) void this.#look()
  }

  /** Looks as long as somebody reads. */
  async #look(): Promise<void> {
    this.#isLooking = true
    try {
      while (this.#readers.size > 0) {
        const isWaiting = this.#hub.advance()
        await this.#serveAll()
        const everyMs = Math.max(lookEveryMs, (this.#readers.size * 1000) / messagesPerSecond)
        await pause(isWaiting ? durableSoonMs : everyMs)
      }
    } finally {
      this.#isLooking = false
    }
  }

  async #serveAll(): Promise<void> {
    this.#messages.clear()
    let served = 0
    for (const reader of this.#readers) {
      if (this.#options.isDraining()) this.#end(reader)
      else if (this.#serve(reader) && ++served % readersPerTurn === 0) await nextTurn()
    }
  }

  /** @returns whether something was written. */
  #serve(reader: Reader): boolean {
    const hub = this.#hub
    const nowMs = this.#options.nowMs()
    if (reader.answer.writableNeedDrain) {
      reader.blockedMs ??= nowMs
      if (nowMs - reader.blockedMs >= mostBlockedMs) this.#cut(reader)
      return false
    }
    reader.blockedMs = undefined
    if (nowMs - reader.askedMs >= askEveryMs) {
      reader.askedMs = nowMs
      if (!reader.mayStill()) {
        this.#end(reader)
        return false
      }
    }
    if (reader.restarts !== hub.restarts) return this.#tellReset(reader, 'log-failed')
    if (!hub.knows(reader.number)) return this.#tellReset(reader, 'too-far-behind')
    if (reader.number !== hub.through) {
      const message = this.#messageFor(reader)
      reader.number = hub.through
      if (message !== undefined) return this.#write(reader, message)
    }
    // An id without data moves the place of a reader and is not an event.
    return nowMs - reader.saidMs >= sayEveryMs && this.#write(reader, `id: ${hub.place}\n\n`)
  }

  /** Undefined where nothing came of the types of the reader. */
  #messageFor({ number, types }: Reader): Buffer | undefined {
    const key = `${number} ${[...types].join()}`
    const known = this.#messages.get(key)
    if (known !== undefined) return known.length > 0 ? known : undefined
    const { texts, leftOut } = this.#hub.since(number, types)
    const isEmpty = texts.length === 0 && Object.keys(leftOut).length === 0
    const data = `{"events":[${texts.join()}],"leftOut":${JSON.stringify(leftOut)}}`
    const message = Buffer.from(isEmpty ? '' : `id: ${this.#hub.place}\nevent: events\ndata: ${data}\n\n`)
    this.#messages.set(key, message)
    return isEmpty ? undefined : message
  }

  /** Events were missed that nobody can tell it of any more: it has to look anew at what it shows. */
  #tellReset(reader: Reader, reason: 'unknown-id' | 'log-failed' | 'too-far-behind'): true {
    const hub = this.#hub
    reader.number = hub.through
    reader.restarts = hub.restarts
    return this.#write(reader, `id: ${hub.place}\nevent: reset\ndata: ${JSON.stringify({ reason })}\n\n`)
  }

  #write(reader: Reader, message: string | Buffer): true {
    reader.saidMs = this.#options.nowMs()
    reader.answer.write(message)
    this.sent += 1
    return true
  }

  #end(reader: Reader): void {
    this.#readers.delete(reader)
    reader.answer.end()
  }

  #cut(reader: Reader): void {
    this.cut += 1
    this.#readers.delete(reader)
    reader.answer.destroy()
  }
}

/** A timer that does not keep the process. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
