import { type StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import { readJson } from '../decisioning/saved-definitions.ts'
import { type Observed, OpenHour, readFrozen } from './hour-counts.ts'

export const hourMs = 3_600_000
export const dayHours = 24
export const weekHours = 7 * dayHours
/** Hours back from the newest that are kept: today and the same days of the five weeks before. */
export const keptHours = 6 * weekHours
/** The newest hours, that late transactions are still counted in. */
const openHours = 4
/** Features, models and lags that are told apart at once. */
const mostSlots = 512

interface FrozenHour {
  readonly bytes: Uint8Array
  readonly counters: ReadonlyMap<string, number>
}

interface SavedHead {
  readonly late: number
  readonly untracked: number
  readonly slots: readonly (readonly [string, number])[]
  readonly hours: number
}

/**
 * What was observed in each hour of event time: bins of values by slot (a feature, the score of a model, the lag of labels),
 * and counters by name. Bounded: so many hours, slots and bins, and an hour that is over is a few bytes a bin. What comes
 * later than the four newest hours is not counted in its hour, but as late.
 */
export class HourlyCounts {
  readonly #open = new Map<number, OpenHour>()
  readonly #frozen = new Map<number, FrozenHour>()
  readonly #slots = new Map<string, number>()
  readonly #isInUse: (slot: string) => boolean
  #newest = Number.NEGATIVE_INFINITY
  #current: OpenHour | undefined
  #late = 0
  #revisions = 0
  #untracked = 0

  /** @param isInUse whether a slot is another's only once nobody observes it. */
  constructor(isInUse: (slot: string) => boolean) {
    this.#isInUse = isInUse
  }

  /** The newest hour; -Infinity before the first observation. */
  get newest(): number {
    return this.#newest
  }

  /** Observations that came too late for their hour. */
  get late(): number {
    return this.#late
  }

  /** How often an hour before the newest was added to, in this process. */
  get revisions(): number {
    return this.#revisions
  }

  /** Slots that were asked for and not given, since all are taken. */
  get untracked(): number {
    return this.#untracked
  }

  get slots(): ReadonlyMap<string, number> {
    return this.#slots
  }

  /** The place of a slot, which it gets if it has none; -1 where all are taken. */
  slot(name: string): number {
    const known = this.#slots.get(name)
    if (known !== undefined) return known
    const free = this.#slots.size < mostSlots ? this.#slots.size : this.#reuse()
    if (free === undefined) {
      this.#untracked += 1
      return -1
    }
    this.#slots.set(name, free)
    return free
  }

  /** The hour to observe in; undefined for one that is too late. */
  at(hour: number): OpenHour | undefined {
    if (hour === this.#newest) return this.#current
    if (hour > this.#newest) return this.#advance(hour)
    if (hour > this.#newest - openHours) {
      this.#revisions += 1
      return this.#make(hour)
    }
    this.#late += 1
    return undefined
  }

  /** The newest hour; undefined before the first. */
  get current(): OpenHour | undefined {
    return this.#current
  }

  has(hour: number): boolean {
    return this.#open.has(hour) || this.#frozen.has(hour)
  }

  get hours(): readonly number[] {
    return [...this.#frozen.keys(), ...this.#open.keys()].sort((a, b) => a - b)
  }

  counters(hour: number): ReadonlyMap<string, number> | undefined {
    return (this.#open.get(hour) ?? this.#frozen.get(hour))?.counters
  }

  /** What an hour observed, by the places of slots. */
  *observed(hour: number): Generator<readonly [number, Observed]> {
    const frozen = this.#frozen.get(hour)
    if (frozen !== undefined) return yield* readFrozen(frozen.bytes)
    const open = this.#open.get(hour)
    if (open === undefined) return
    for (const slot of this.#slots.values()) {
      const observed = open.observed(slot)
      if (observed !== undefined) yield [slot, observed]
    }
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    const slots = [...this.#slots].sort(([, a], [, b]) => a - b)
    const hours = this.hours
    const head: SavedHead = { late: this.#late, untracked: this.#untracked, slots, hours: hours.length }
    writer.text(JSON.stringify(head))
    for (const hour of hours) {
      const open = this.#open.get(hour)
      const bytes = open?.freeze() ?? this.#frozen.get(hour)?.bytes ?? new Uint8Array(0)
      writer.double(hour)
      writer.text(JSON.stringify([...(this.counters(hour) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))))
      writer.text(Buffer.from(bytes).toString('base64'))
      yield* writer.take()
    }
    yield* writer.take(true)
  }

  /** Reads to the end. @throws FraudError SNAPSHOT_INVALID */
  *load(reader: StateReader): Steps {
    const saved = readJson<SavedHead>(reader)
    this.#late = saved.late
    this.#untracked = saved.untracked
    for (const [name, slot] of saved.slots) this.#slots.set(name, slot)
    for (let left = saved.hours; left > 0; left--) {
      const hour = reader.double()
      const counters = new Map(readJson<[string, number][]>(reader))
      this.#frozen.set(hour, { counters, bytes: Buffer.from(reader.text(), 'base64') })
      this.#newest = hour
      yield
    }
    reader.end()
    for (const [hour, { bytes, counters }] of this.#frozen) {
      if (hour <= this.#newest - openHours) continue
      this.#frozen.delete(hour)
      const open = this.#make(hour)
      open.thaw(bytes)
      for (const [name, count] of counters) open.count(name, count)
    }
    this.#current = this.#open.get(this.#newest)
  }

  #make(hour: number): OpenHour {
    let open = this.#open.get(hour)
    if (open === undefined) {
      open = new OpenHour(this.#slots.size)
      this.#open.set(hour, open)
    }
    return open
  }

  #advance(hour: number): OpenHour {
    for (const [old, open] of [...this.#open].sort(([a], [b]) => a - b)) {
      if (old > hour - openHours) continue
      this.#frozen.set(old, { bytes: open.freeze(), counters: open.counters })
      this.#open.delete(old)
    }
    for (const old of this.#frozen.keys()) {
      if (old <= hour - keptHours) this.#frozen.delete(old)
    }
    this.#newest = hour
    this.#current = this.#make(hour)
    return this.#current
  }

  /** The least place that no kept hour uses. */
  #reuse(): number | undefined {
    const used = new Set<number>()
    for (const hour of this.hours) for (const [slot] of this.observed(hour)) used.add(slot)
    for (const [name, slot] of [...this.#slots].sort(([, a], [, b]) => a - b)) {
      if (used.has(slot) || this.#isInUse(name)) continue
      this.#slots.delete(name)
      return slot
    }
    return undefined
  }
}
