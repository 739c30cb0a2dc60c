import { controlPlace } from '../../src/cluster/lanes.ts'
import { type Appended, type OrderedLog, type Place, placeName, type TakeEntry } from '../../src/cluster/ordered-log.ts'
import { FraudError } from '../../src/core/errors.ts'
import type { Random } from '../../src/core/random.ts'
import { type Machine, Timeline } from '../timeline.ts'

// A log, a network and clocks without any of them: everything that happens is an event at a made-up time, drawn from one seed.

export interface Faults {
  /** The share of appends that never arrive, that arrive though they seem to have failed, and of replies that are lost. */
  readonly lost: number
  readonly zombie: number
  readonly lostReply: number
  /** The share of reads of the control lane that take seconds. */
  readonly slowControl: number
  /** The share of loads of a model that take seconds. */
  readonly slowModel: number
  readonly delayMs: number
}

interface Stored {
  readonly position: number
  readonly bytes: Uint8Array
  readonly atMs: number
}

interface Reader {
  readonly machine: Machine
  readonly place: Place
  readonly take: TakeEntry
  readonly signal: AbortSignal
  next: number
  isDue: boolean
}

const appendTimeoutMs = 1_500

export class World extends Timeline {
  readonly random: Random
  faults: Faults
  /** While it is gone the log takes nothing. */
  isLogGone = false
  /** So much longer an append to a place takes, until it is there and acknowledged. */
  slowMs: (place: Place) => number = () => 0
  readonly #places = new Map<string, Stored[]>()
  readonly #readers: Reader[] = []

  constructor(random: Random, faults: Faults, nowMs: number) {
    super(nowMs)
    this.random = random
    this.faults = faults
  }

  chance(share: number): boolean {
    return this.random.uniform() < share
  }

  delay(): number {
    const { delayMs } = this.faults
    return this.chance(0.03) ? this.random.integer(20 * delayMs) : 1 + this.random.integer(delayMs)
  }

  entries(place: Place): readonly Stored[] {
    return this.#stored(place)
  }

  /** Loses the newest entries of a place, as no log should. */
  cutOff(place: Place, entries: number): void {
    const stored = this.#stored(place)
    stored.length = Math.max(0, stored.length - entries)
  }

  /** Resolves after so long, or once aborted. */
  readonly waitOf = (machine: Machine) => (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) return resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
      this.after(ms, machine, resolve)
    })

  logOf(machine: Machine): OrderedLog {
    return {
      append: (entries) => this.#append(machine, entries),
      read: (places, take, signal) => this.#read(machine, places, take, signal),
      end: (place) =>
        new Promise((resolve) =>
          this.after(this.delay(), machine, () => resolve(this.#stored(place).at(-1)?.position ?? -1)),
        ),
    }
  }

  /** Puts an entry in at once. */
  put(place: Place, bytes: Uint8Array): number {
    this.#store(place, [bytes])
    return this.#stored(place).at(-1)?.position ?? -1
  }

  async #append(machine: Machine, entries: readonly Appended[]): Promise<void> {
    if (machine.isDead) return new Promise(() => {})
    const groups = Map.groupBy(entries, placeName)
    const acknowledged = [...groups.values()].map((group) => this.#appendTo(machine, group))
    const failed = (await Promise.all(acknowledged)).some((isDone) => !isDone)
    if (failed) throw new FraudError('LOG_UNAVAILABLE', 'The log did not answer')
  }

  #appendTo(machine: Machine, group: readonly Appended[]): Promise<boolean> {
    return new Promise((resolve) => {
      const fail = () => this.after(appendTimeoutMs, machine, () => resolve(false))
      if (this.isLogGone || this.chance(this.faults.lost)) return fail()
      const isZombie = this.chance(this.faults.zombie)
      if (isZombie) fail()
      const takesMs = isZombie ? this.random.integer(8_000) : this.delay() + this.slowMs(group[0])
      this.after(takesMs, undefined, () => {
        if (this.isLogGone) return isZombie ? undefined : fail()
        this.#store(
          group[0],
          group.map(({ bytes }) => bytes),
        )
        if (!isZombie) this.after(this.delay(), machine, () => resolve(true))
      })
    })
  }

  #store(place: Place, group: readonly Uint8Array[]): void {
    const stored = this.#stored(place)
    const offset = Math.floor((stored.at(-1)?.position ?? -4096) / 4096) + 1
    const atMs = this.nowMs
    for (const [i, bytes] of group.entries()) stored.push({ position: offset * 4096 + i, bytes, atMs })
    const name = placeName(place)
    for (const reader of this.#readers) if (placeName(reader.place) === name) this.#wake(reader)
  }

  #read(
    machine: Machine,
    places: readonly (Place & { readonly after: number })[],
    take: TakeEntry,
    signal: AbortSignal,
  ): Promise<void> {
    for (const place of places) {
      const stored = this.#stored(place)
      const at = stored.findIndex(({ position }) => position > place.after)
      const reader = { machine, place, take, signal, next: at < 0 ? stored.length : at, isDue: false }
      this.#readers.push(reader)
      if (at >= 0) this.#wake(reader)
    }
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
  }

  #wake(reader: Reader): void {
    if (reader.isDue || reader.machine.isDead) return
    reader.isDue = true
    const isSlow = reader.place.lane === controlPlace.lane && this.chance(this.faults.slowControl)
    this.after(isSlow ? this.random.integer(6_000) : this.delay(), reader.machine, () => {
      reader.isDue = false
      if (reader.signal.aborted) return
      const stored = this.#stored(reader.place)
      for (let left = 1 + this.random.integer(8); left > 0 && reader.next < stored.length; left--, reader.next++) {
        const { position, bytes, atMs } = stored[reader.next]
        reader.take(reader.place, position, bytes, atMs)
      }
      if (reader.next < stored.length) this.#wake(reader)
    })
  }

  #stored(place: Place): Stored[] {
    const name = placeName(place)
    const known = this.#places.get(name)
    if (known !== undefined) return known
    const made: Stored[] = []
    this.#places.set(name, made)
    return made
  }
}
