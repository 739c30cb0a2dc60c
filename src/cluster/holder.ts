import { crc32 } from 'node:zlib'
import { FraudError } from '../core/errors.ts'
import { decodeEntry, type Entry } from './entries.ts'
import { type OrderedLog, type Place, placeName } from './ordered-log.ts'
import type { LaneFold, Reply } from './replies.ts'

/** A fold as it was saved, and what its place's entries had come to by then. */
export interface Mark {
  /** The checksum of all entries before the last, and of all. */
  readonly before: number
  readonly all: number
}

export interface Held<Fold extends LaneFold = LaneFold> {
  readonly place: Place
  readonly fold: Fold
  /** Missing where the fold begins at the first entry. */
  readonly mark?: Mark | undefined
}

interface State {
  readonly place: Place
  readonly fold: LaneFold
  mark: Mark
  /** Whether the entry that the saved fold had taken last is still to be seen again. */
  isUnchecked: boolean
  readonly waiting: {
    readonly position: number
    readonly entry: Entry
    readonly atMs: number
    readonly checksum: number
  }[]
  /** The position from which on entries are new, so that somebody may wait for an answer. */
  readonly liveFrom: number
  fault: FraudError | undefined
}

export interface HolderOptions {
  readonly log: OrderedLog
  /** Whether a definition's entry was taken here: entries that rest on it wait until then. */
  readonly knows: (definition: number) => boolean
  readonly send: (reply: Reply) => void
  /** A place can't go on here: what it makes would not be right any more. */
  readonly onFault: (place: Place, fault: FraudError) => void
}

/** Keeps folds of places up with the log, and answers those whose entries it takes. */
export class Holder {
  readonly #options: HolderOptions
  readonly #states = new Map<string, State>()
  /** Places whose ends are not known yet. */
  #unopened = 0
  #taken = 0

  constructor(options: HolderOptions) {
    this.#options = options
  }

  /** Folds places until aborted. */
  async run(held: readonly Held[], signal: AbortSignal): Promise<void> {
    this.#unopened = held.length
    await Promise.all(held.map((each) => this.#open(each, signal)))
    const states = [...this.#states.values()].filter(({ fault }) => fault === undefined)
    // The last entry that a saved fold took is read again, to see that it is still the same.
    const places = states.map(({ place, fold, isUnchecked }) => ({
      ...place,
      after: isUnchecked ? fold.position - 1 : fold.position,
    }))
    await this.#options.log.read(
      places,
      (place, position, bytes, atMs) => this.#take(place, position, bytes, atMs),
      signal,
    )
  }

  /** Takes entries that waited for what the control lane has brought by now. */
  drain(): void {
    for (const state of this.#states.values()) this.#drain(state)
  }

  /** How many places have not reached where their logs ended when this began. */
  get behind(): number {
    const behind = [...this.#states.values()].filter(({ fold, liveFrom }) => fold.position < liveFrom)
    return this.#unopened + behind.length
  }

  /** How many entries were taken here. */
  get taken(): number {
    return this.#taken
  }

  get faults(): readonly FraudError[] {
    return [...this.#states.values()].flatMap(({ fault }) => fault ?? [])
  }

  isLive(place: Place): boolean {
    const state = this.#states.get(placeName(place))
    return state !== undefined && state.fault === undefined && state.fold.position >= state.liveFrom
  }

  markOf(place: Place): Mark | undefined {
    return this.#states.get(placeName(place))?.mark
  }

  async #open({ place, fold, mark }: Held, signal: AbortSignal): Promise<void> {
    const liveFrom = await this.#options.log.end(place, signal)
    const state: State = {
      place,
      fold,
      mark: mark ?? { before: 0, all: 0 },
      isUnchecked: mark !== undefined && fold.position >= 0,
      waiting: [],
      liveFrom,
      fault: undefined,
    }
    this.#states.set(placeName(place), state)
    this.#unopened--
    if (liveFrom < fold.position) this.#close(state, 'it ends before the position that was taken already')
  }

  #take(place: Place, position: number, bytes: Uint8Array, atMs: number): void {
    const state = this.#states.get(placeName(place))
    if (state === undefined || state.fault !== undefined) return
    if (state.isUnchecked) {
      state.isUnchecked = false
      const isSame = position === state.fold.position && crc32(bytes, state.mark.before) === state.mark.all
      if (!isSame) this.#close(state, `its entry at ${state.fold.position} is another than the one that was taken`)
      return
    }
    try {
      const entry = decodeEntry(bytes, `${placeName(place)} ${position}`)
      state.waiting.push({ position, entry, atMs, checksum: crc32(bytes, checksumOf(state)) })
    } catch (error) {
      this.#close(state, reasonOf(error))
    }
    this.#drain(state)
  }

  #drain(state: State): void {
    for (let next = state.waiting[0]; next !== undefined && state.fault === undefined; next = state.waiting[0]) {
      const { position, entry, atMs, checksum } = next
      if ('definition' in entry && !this.#options.knows(entry.definition)) return
      state.waiting.shift()
      try {
        const reply = state.fold.apply(position, entry, atMs)
        this.#taken++
        state.mark = { before: state.mark.all, all: checksum }
        if (reply !== undefined && position > state.liveFrom) this.#options.send(reply)
      } catch (error) {
        this.#close(state, reasonOf(error))
      }
    }
  }

  #close(state: State, reason: string): void {
    const fault = new FraudError('LOG_INVALID', `The place ${placeName(state.place)} is closed here: ${reason}`)
    state.fault = fault
    state.waiting.length = 0
    this.#options.onFault(state.place, fault)
  }
}

/** Of all entries that have come, taken or not. */
function checksumOf({ waiting, mark }: State): number {
  return waiting.at(-1)?.checksum ?? mark.all
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
