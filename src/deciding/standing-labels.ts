import { StateReader, StateWriter } from '../core/state-bytes.ts'
import type { Steps } from '../core/time-slices.ts'
import type { RankOfSource } from '../detector/label-precedence.ts'
import type { LogRecord } from '../log/log-record.ts'
import type { LabelledTransaction, Projection } from '../log/projection.ts'
import type { PendingLabels } from './pending-labels.ts'

/** A label as one number: its record's, then its rank, then whether it says fraud. Millions of them are held. */
type Word = number
const ranks = 32

/** What the labels that stand say of each transaction that is kept, of which the source decides first, then the later. */
export class StandingLabels implements Projection {
  readonly name = 'standing-labels'
  readonly version = 1
  readonly #rankOf: RankOfSource
  readonly #pending: Pick<PendingLabels, 'released'>
  readonly #words = new Map<number, Word | readonly Word[]>()
  #letGoThrough = 0

  /** @param pending takes each record before this does. */
  constructor(rankOf: RankOfSource, pending: Pick<PendingLabels, 'released'>) {
    this.#rankOf = rankOf
    this.#pending = pending
  }

  /** Whether a transaction was fraud, as far as is known; undefined where no label of it stands. */
  isFraud(transaction: number): boolean | undefined {
    const words = this.#words.get(transaction)
    if (words === undefined) return undefined
    const word = typeof words === 'number' ? words : words.reduce(moreBelieved)
    return word % 2 === 1
  }

  take(record: LogRecord, sequence: number, about?: LabelledTransaction): void {
    if (record.kind === 'decision' || record.kind === 'history') {
      for (const label of this.#pending.released) this.#add(sequence, this.#wordOf(label, label.sequence))
    } else if (record.kind === 'label') {
      if (about !== undefined) this.#add(about.sequence, this.#wordOf(record, sequence))
    } else if (record.kind === 'label-withdrawn') this.#remove(record.of, record.label)
    else if (record.kind === 'checkpoint') this.letGo(record.prunedThrough)
  }

  isCarried(): boolean {
    return this.#words.size > 0
  }

  /** Labels of what is no longer kept change nothing any more. */
  letGo(through: number): void {
    this.#letGoThrough = through
    for (const of of this.#words.keys()) if (of <= through) this.#words.delete(of)
  }

  *save(): Generator<Uint8Array> {
    const writer = new StateWriter()
    writer.double(this.#letGoThrough)
    writer.double(this.#words.size)
    for (const [of, words] of [...this.#words].sort(([a], [b]) => a - b)) {
      const all = typeof words === 'number' ? [words] : words
      writer.double(of)
      writer.double(all.length)
      for (const word of all) writer.double(word)
      yield* writer.take()
    }
    yield* writer.take(true)
  }

  *load(chunks: Iterable<Uint8Array>): Steps {
    const reader = new StateReader(chunks)
    const count = () => reader.count(Number.MAX_SAFE_INTEGER)
    this.#letGoThrough = count()
    for (let left = count(); left > 0; left--) {
      const of = count()
      const words = Array.from({ length: reader.count(100_000) }, count)
      this.#words.set(of, words.length === 1 ? words[0] : words)
      yield
    }
    reader.end()
  }

  #wordOf(
    { isFraud, source }: { readonly isFraud: boolean; readonly source?: string | undefined },
    sequence: number,
  ): Word {
    return (sequence * ranks + this.#rankOf(source)) * 2 + (isFraud ? 1 : 0)
  }

  #add(of: number, word: Word): void {
    if (of <= this.#letGoThrough) return
    const known = this.#words.get(of)
    this.#words.set(of, known === undefined ? word : [...(typeof known === 'number' ? [known] : known), word])
  }

  #remove(of: number, label: number): void {
    const known = this.#words.get(of)
    if (known === undefined) return
    const left = (typeof known === 'number' ? [known] : known).filter((word) => Math.floor(word / 2 / ranks) !== label)
    if (left.length === 0) this.#words.delete(of)
    else this.#words.set(of, left.length === 1 ? left[0] : left)
  }
}

function moreBelieved(one: Word, other: Word): Word {
  const rankOf = (word: Word) => Math.floor(word / 2) % ranks
  return rankOf(other) >= rankOf(one) ? other : one
}
