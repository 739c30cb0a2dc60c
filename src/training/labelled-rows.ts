import { pickBytes, pickNumbers } from '../core/rows.ts'
import type { BadRows } from '../data/read-table.ts'
import type { Detector } from '../detector/detector-schema.ts'
import type { DeclinedRows } from './declined-rows.ts'

/** A table by the eyes of a detector: labelled rows only, unless others were asked for, each part a typed array with one entry per row. */
export interface LabelledRows {
  readonly source: string
  readonly detector: Detector
  /** The same rows, or those of a mask, with features as if labels were known at once; undefined where they are. */
  readonly undelayed?: (kept: Uint8Array) => Promise<LabelledRows>
  readonly fingerprint: string
  /** The names of the model's inputs. */
  readonly features: readonly string[]
  /** The model's inputs, in that order. */
  readonly columns: readonly Float64Array[]
  readonly labels: Uint8Array
  /** 1 for rows without a label, whose 0 says nothing; only where such were asked for, and there are any. */
  readonly unlabelled?: Uint8Array
  /** The times in the column's unit: milliseconds for ISO times, else as the file has it. */
  readonly times?: Float64Array
  readonly isoTimes: boolean
  /** When each row's label became known, in milliseconds, where the detector says how long that takes. */
  readonly knownAt?: Float64Array
  /** The key that alerts are grouped by: a number for each of its values, -1 where it is missing. */
  readonly cards?: Int32Array
  readonly amounts?: Float64Array
  readonly weights?: Float64Array
  readonly weightColumn?: string
  /** Of rows of a log: what is known of those that were declined. Weights without a column are those of its control group. */
  readonly declined?: Readonly<DeclinedRows>
  readonly badRows: BadRows
}

/** The amounts; undefined where there are none, or where they are of several currencies and can't be added or compared. */
export function comparableAmounts({ amounts, detector }: LabelledRows): Float64Array | undefined {
  const { currency, conversion } = detector.transaction.amount ?? {}
  return typeof currency === 'object' && conversion === undefined ? undefined : amounts
}

/** Some of the rows, all of which have labels. */
export function pickRows(rows: Omit<LabelledRows, 'unlabelled'>, kept: Uint32Array): LabelledRows {
  const pick = (values: Float64Array) => pickNumbers(values, kept)
  const { columns, labels, times, knownAt, cards, amounts, weights } = rows
  return {
    ...rows,
    columns: columns.map(pick),
    labels: pickBytes(labels, kept),
    ...(times && { times: pick(times) }),
    ...(knownAt && { knownAt: pick(knownAt) }),
    ...(cards && { cards: Int32Array.from(kept, (row) => cards[row]) }),
    ...(amounts && { amounts: pick(amounts) }),
    ...(weights && { weights: pick(weights) }),
  }
}
