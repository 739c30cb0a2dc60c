import type { Control } from './control.ts'
import { decodeEntry, type Entry } from './entries.ts'
import { controlPlace } from './lanes.ts'
import { type OrderedLog, placeName } from './ordered-log.ts'

export interface ControlReaderOptions {
  readonly log: OrderedLog
  readonly control: Pick<Control, 'position' | 'apply' | 'makeReady'>
  /** Resolves after so long, or once aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  readonly onError: (error: unknown) => void
}

const watchMs = 1_000
const [firstRestMs, longestRestMs] = [1_000, 5_000]

/** Keeps what is in force up with the control lane: each entry counts once that can decide here which it puts in force. */
export class ControlReader {
  readonly #options: ControlReaderOptions
  readonly #onTaken: () => void
  readonly #waiting: { readonly position: number; readonly entry: Entry }[] = []
  /** Whether what is in force can decide here. */
  #isReady = false
  #isPreparing = false
  /** Whether the next attempt to make that ready is still to come. */
  #isResting = false
  #restMs = firstRestMs
  /** Where the lane ended when this began. */
  #from = Number.POSITIVE_INFINITY
  /** Where it ended when that was last asked: it is to be taken by the time it is asked again. */
  #end = Number.POSITIVE_INFINITY
  #due = Number.POSITIVE_INFINITY

  /** @param onTaken is called after each entry of the present, and the last one of the past. */
  constructor(options: ControlReaderOptions, onTaken: () => void) {
    this.#options = options
    this.#onTaken = onTaken
  }

  /** Whether what the lane held a second ago is not taken yet, or can't decide here. */
  get isBehind(): boolean {
    return this.#options.control.position < this.#due || !this.#isReady
  }

  /** Runs until aborted. @throws FraudError LOG_TOO_NEW, LOG_INVALID where it can't go on. */
  async run(signal: AbortSignal): Promise<void> {
    const { log } = this.#options
    this.#from = await log.end(controlPlace, signal)
    this.#end = this.#from
    this.#due = this.#from
    const failed = Promise.withResolvers<never>()
    const take = () => {
      try {
        this.#takeWaiting(take, signal)
      } catch (error) {
        failed.reject(error)
      }
    }
    const read = (_: unknown, position: number, bytes: Uint8Array) => {
      this.#waiting.push({ position, entry: decodeEntry(bytes, `${placeName(controlPlace)} ${position}`) })
      take()
    }
    const told = log.read([{ ...controlPlace, after: -1 }], read, signal)
    take()
    await Promise.race([failed.promise, Promise.all([told, this.#watch(signal)])])
  }

  #takeWaiting(again: () => void, signal: AbortSignal): void {
    const { control } = this.#options
    while (!this.#isPreparing) {
      const [next] = this.#waiting
      if (next === undefined && (this.#isResting || control.position < this.#from)) return
      const isPast = next !== undefined && next.position < this.#from
      // What is not ready here anyway need not be so step by step: what is in force in the end is enough.
      const preparing = next !== undefined && !this.#isReady ? undefined : control.makeReady(next?.entry)
      if (preparing !== undefined) return void this.#prepare(preparing, again, signal)
      if (next === undefined) {
        this.#isReady = true
        return
      }
      this.#waiting.shift()
      control.apply(next.position, next.entry)
      if (!isPast) this.#onTaken()
    }
  }

  /** The one before goes on meanwhile; where this fails nothing decides here until it is made ready after all. */
  async #prepare(preparing: Promise<void>, again: () => void, signal: AbortSignal): Promise<void> {
    const { wait, onError } = this.#options
    this.#isPreparing = true
    try {
      await preparing
      this.#restMs = firstRestMs
    } catch (error) {
      onError(error)
      this.#isReady = false
      this.#isResting = true
    }
    this.#isPreparing = false
    again()
    if (!this.#isResting) return
    await wait(this.#restMs, signal)
    this.#restMs = Math.min(2 * this.#restMs, longestRestMs)
    this.#isResting = false
    if (!signal.aborted) again()
  }

  /** Notices where changes don't come any more, so that nothing is decided by what is long out of force. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { log, wait, onError } = this.#options
    while (!signal.aborted) {
      await wait(watchMs, signal)
      this.#due = this.#end
      try {
        this.#end = await log.end(controlPlace)
      } catch (error) {
        onError(error)
      }
    }
  }
}
