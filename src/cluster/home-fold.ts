import { StateReader, StateWriter } from '../core/state-bytes.ts'
import {
  type DecisionEntry,
  decodeEntry,
  type Entry,
  encodeEntry,
  type IntakeEntry,
  type LabelEntry,
} from './entries.ts'
import type { HomeReply, LabelReply, LaneFold, Reply } from './replies.ts'

/** For so long ids are known: chargebacks come up to four months after their transactions, and some later. */
export const idsKeptMs = 180 * 86_400_000
const mostEntries = Number.MAX_SAFE_INTEGER
const none: readonly LabelEntry[] = []

/** An intake that is not decided yet, or whose observations may not be in their lanes. */
export interface OpenIntake {
  readonly intake: IntakeEntry
  readonly atMs: number
  readonly decision: DecisionEntry | undefined
}

/** A label that has to reach the lanes of its transaction's keys. */
export interface DueLabel {
  readonly number: number
  readonly intake: IntakeEntry
  readonly label: LabelEntry
}

interface Known {
  readonly intake: IntakeEntry
  readonly atMs: number
  decision: DecisionEntry | undefined
  /** Whether the lanes of all its keys are known to have it, so that labels can follow it there. */
  isObserved: boolean
  labels: readonly LabelEntry[]
}

/** What is known of the ids of one partition: of two intakes, or decisions, of one id the first counts. */
export class HomeFold implements LaneFold {
  readonly #keepMs: number
  /** The oldest first. */
  readonly #known = new Map<string, Known>()
  readonly #open = new Map<string, OpenIntake>()
  /** Labels of ids that have not come, by id, the oldest first. */
  readonly #waiting = new Map<string, readonly LabelEntry[]>()
  readonly #due: DueLabel[] = []
  #labels = 0
  #position = -1
  #atMs = Number.NEGATIVE_INFINITY

  /** @param keepMs for how long ids are known, and labels wait. */
  constructor(keepMs: number) {
    this.#keepMs = keepMs
  }

  get position(): number {
    return this.#position
  }

  /** What is left undone, the oldest first. */
  get open(): Iterable<OpenIntake> {
    return this.#open.values()
  }

  /** Labels whose lanes may not have them yet, in the order in which those get them. */
  get due(): readonly DueLabel[] {
    return this.#due
  }

  apply(position: number, entry: Entry, atMs: number): Reply | undefined {
    this.#position = position
    this.#atMs = Math.max(this.#atMs, atMs)
    this.#forget()
    if (entry.kind === 'intake') return this.#takeIn(entry)
    if (entry.kind === 'decision') return this.#decide(entry)
    if (entry.kind === 'label') return this.#label(entry)
    if (entry.kind === 'observed') this.#observed(this.#known.get(entry.id))
    if (entry.kind === 'forwarded') while ((this.#due[0]?.number ?? Infinity) <= entry.through) this.#due.shift()
    return undefined
  }

  #takeIn(entry: IntakeEntry): Reply | undefined {
    const known = this.#known.get(entry.id)
    if (known !== undefined) return { to: entry, answer: answerOf(known) }
    // By now nobody knows whether its id was known.
    if (entry.receivedAtMs <= this.#atMs - this.#keepMs / 2) return undefined
    const labels = this.#waiting.get(entry.id) ?? none
    const made = { intake: entry, atMs: this.#atMs, decision: undefined, isObserved: false, labels }
    this.#known.set(entry.id, made)
    this.#open.set(entry.id, made)
    this.#waiting.delete(entry.id)
    return { to: entry, answer: answerOf(made) }
  }

  #decide(entry: DecisionEntry): Reply | undefined {
    const known = this.#known.get(entry.id)
    if (known === undefined) return undefined
    known.decision ??= entry
    if (isOfAllParts(entry)) this.#observed(known)
    if (known.isObserved) this.#open.delete(entry.id)
    return { to: entry, answer: answerOf(known) }
  }

  #observed(known: Known | undefined): void {
    if (known === undefined || known.isObserved) return
    known.isObserved = true
    if (known.decision !== undefined) this.#open.delete(known.intake.id)
    for (const label of known.labels) this.#makeDue(known, label)
  }

  #label(entry: LabelEntry): Reply {
    const known = this.#known.get(entry.id)
    const before = known?.labels ?? this.#waiting.get(entry.id) ?? none
    const answer: LabelReply = { kind: 'label', isPending: known === undefined }
    const isRepeat = before.some(({ front, question }) => front === entry.front && question === entry.question)
    if (isRepeat) return { to: entry, answer }
    const labels = [...before, entry]
    if (known === undefined) this.#waiting.set(entry.id, labels)
    else {
      known.labels = labels
      if (known.isObserved) this.#makeDue(known, entry)
    }
    return { to: entry, answer }
  }

  #makeDue({ intake }: Known, label: LabelEntry): void {
    this.#labels++
    this.#due.push({ number: this.#labels, intake, label })
  }

  #forget(): void {
    const untilMs = this.#atMs - this.#keepMs
    for (const [id, { atMs }] of this.#known) {
      if (atMs > untilMs) break
      if (!this.#open.has(id)) this.#known.delete(id)
    }
    for (const [id, [{ receivedAtMs }]] of this.#waiting) {
      if (receivedAtMs > untilMs) break
      this.#waiting.delete(id)
    }
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    for (const number of [this.#position, this.#atMs, this.#labels, this.#due[0]?.number ?? this.#labels + 1]) {
      writer.double(number)
    }
    writer.double(this.#known.size)
    for (const { intake, atMs, decision, isObserved, labels } of this.#known.values()) {
      const observed = { kind: 'observed', id: intake.id } as const
      writer.double(atMs)
      writeEntries([intake, ...(decision ? [decision] : []), ...(isObserved ? [observed] : []), ...labels], writer)
      yield* writer.take()
    }
    writer.double(this.#waiting.size)
    for (const labels of this.#waiting.values()) {
      writeEntries(labels, writer)
      yield* writer.take()
    }
    writer.double(this.#due.length)
    for (const { intake, label } of this.#due) writeEntries([intake, label], writer)
    yield* writer.take(true)
  }

  /** @throws FraudError SNAPSHOT_INVALID, LOG_INVALID where the bytes are not of such a fold. */
  load(chunks: Iterable<Uint8Array>): void {
    const reader = new StateReader(chunks)
    try {
      this.#position = reader.double()
      this.#atMs = reader.double()
      this.#labels = reader.double()
      let number = reader.double()
      for (let left = reader.count(mostEntries); left > 0; left--) this.#loadKnown(reader.double(), readEntries(reader))
      for (let left = reader.count(mostEntries); left > 0; left--) {
        const labels = readEntries(reader).filter((entry) => entry.kind === 'label')
        this.#waiting.set(labels[0].id, labels)
      }
      for (let left = reader.count(mostEntries); left > 0; left--, number++) {
        const [intake, label] = readEntries(reader)
        if (intake.kind === 'intake' && label.kind === 'label') this.#due.push({ number, intake, label })
      }
      reader.end()
    } finally {
      reader.close()
    }
  }

  #loadKnown(atMs: number, entries: readonly Entry[]): void {
    const [intake] = entries.filter((entry) => entry.kind === 'intake')
    const [decision] = entries.filter((entry) => entry.kind === 'decision')
    const labels = entries.filter((entry) => entry.kind === 'label')
    const isObserved = entries.some(({ kind }) => kind === 'observed')
    const known = { intake, atMs, decision, isObserved, labels }
    this.#known.set(intake.id, known)
    if (decision === undefined || !isObserved) this.#open.set(intake.id, known)
  }
}

/** A part is there only where its observation is in its lane. */
function isOfAllParts({ positions }: DecisionEntry): boolean {
  return !positions.includes(undefined)
}

function answerOf({ intake, decision }: Known): HomeReply {
  return { kind: 'home', intake, decision }
}

function writeEntries(entries: readonly Entry[], writer: StateWriter): void {
  writer.double(entries.length)
  for (const entry of entries) writer.text(Buffer.from(encodeEntry(entry)).toString('latin1'))
}

function readEntries(reader: StateReader): readonly Entry[] {
  return Array.from({ length: reader.count(mostEntries) }, () =>
    decodeEntry(Buffer.from(reader.text(), 'latin1'), 'a snapshot'),
  )
}
