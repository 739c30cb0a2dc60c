import type { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import { type ChangeRecord, movesVersion, type SingleChange, singleChanges } from './change.ts'
import { changeDraft, type Definitions, type Draft, draftOf } from './definitions.ts'
import { readAll, readDefinitions, readJson, writeAll, writeDefinitions } from './saved-definitions.ts'

/** One step of the policy: a change that somebody made, or fuses that tripped. */
export interface HistoryStep {
  /** The number of its record; decisions after it name it. */
  readonly version: number
  readonly atMs: number
  readonly by: string
  readonly why?: string
  readonly changes: readonly SingleChange[]
  /** Ids of the fuses that tripped. */
  readonly tripped?: readonly string[]
  /** What a step that rolls back led to: kept whole, so that no version has to be made of many others. */
  readonly led?: Definitions
}

/** Every version of the policy: the first one, and what was done since. */
export class PolicyHistory {
  #first: Definitions
  #firstVersion: number
  readonly #steps: HistoryStep[] = []

  constructor(first: Definitions, version: number) {
    this.#first = first
    this.#firstVersion = version
  }

  get version(): number {
    return this.#steps.at(-1)?.version ?? this.#firstVersion
  }

  get oldestVersion(): number {
    return this.#firstVersion
  }

  /** The oldest first. */
  get steps(): readonly HistoryStep[] {
    return this.#steps
  }

  /** Notes a change that moves the version. @param led the definitions after it. */
  note({ sequence: version, by, why, atMs, change }: ChangeRecord, led: Definitions): void {
    if (!movesVersion(change)) return
    const changes = singleChanges(change).filter((each) => movesVersion(each))
    const isRollback = changes.some(({ kind }) => kind === 'rollback')
    this.#steps.push({
      ...{ version, atMs, by, changes },
      ...(why !== undefined && { why }),
      ...(isRollback && { led: draftOf(led) }),
    })
  }

  noteTrip(version: number, atMs: number, tripped: readonly string[]): void {
    this.#steps.push({ version, atMs, by: 'fuse', changes: [], tripped })
  }

  /** The definitions that were in force in a version; undefined where it is older than the first, or not yet there. */
  at(version: number): Definitions | undefined {
    if (version < this.#firstVersion || version > this.version) return undefined
    const last = this.#steps.findLastIndex((step) => step.version <= version)
    const from = this.#steps.findLastIndex((step, i) => i <= last && step.led !== undefined)
    const draft: Draft = draftOf(this.#steps[from]?.led ?? this.#first)
    for (const { changes } of this.#steps.slice(from + 1, last + 1)) {
      for (const change of changes) changeDraft(draft, change, () => undefined)
    }
    return draft
  }

  *save(writer: StateWriter): Generator<Uint8Array> {
    writer.double(this.#firstVersion)
    yield* writeDefinitions(writer, this.#first)
    writer.double(this.#steps.length)
    for (const { changes, led, ...step } of this.#steps) {
      writer.text(JSON.stringify(step))
      yield* writeAll(writer, changes)
      writer.double(led === undefined ? 0 : 1)
      if (led !== undefined) yield* writeDefinitions(writer, led)
    }
  }

  /** Reads what was saved into a history without steps. */
  *load(reader: StateReader): Steps {
    this.#firstVersion = reader.count(Number.MAX_SAFE_INTEGER)
    this.#first = readDefinitions(reader)
    for (let left = reader.count(2 ** 32); left > 0; left--) {
      const step = readJson<Omit<HistoryStep, 'changes' | 'led'>>(reader)
      const changes = readAll<SingleChange>(reader)
      const led = reader.count(1) === 0 ? undefined : readDefinitions(reader)
      this.#steps.push({ ...step, changes, ...(led && { led }) })
      yield
    }
  }
}
