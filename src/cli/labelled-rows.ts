import type { Detector, LocatedDetector } from '../core/detector.ts'
import { FraudError } from '../core/errors.ts'
import { joinBadRows } from '../data/bad-rows.ts'
import { isReadOnce } from '../data/byte-source.ts'
import { numberColumn } from '../data/columns.ts'
import { fingerprint } from '../data/fingerprint.ts'
import { findLabel } from '../data/infer-detector.ts'
import { labelsAllowed, withNumericLabel } from '../data/label-column.ts'
import type { BadRows } from '../data/read-table.ts'
import type { Table } from '../data/table.ts'
import { otherTimes, TransactionReader } from '../data/transaction-reader.ts'
import { compileFeatures, type FeatureSet } from '../features/feature-set.ts'
import { guessDetector, readDetector } from './find-detector.ts'
import { type FlatTable, readFlatTable, withRepeats } from './flat-table.ts'
import { fileReading, type InputFlags, nameOf, readFileTable, warnOfBadRows, warnOfSpoiltKeys } from './read-input.ts'
import { warnOfRepeats } from './repeated-ids.ts'
import { leftOut } from './replay-file.ts'
import { replayedRows } from './replayed-rows.ts'
import { countRepeatedRows } from './row-hash.ts'
import { checkWeights } from './row-weights.ts'
import { quiet, type Run } from './run.ts'

/** A table by the eyes of a detector: labelled rows only, each part a typed array with one entry per row. */
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
  /** In the time column's own unit: milliseconds for ISO times, else as the file has it. */
  readonly times?: Float64Array
  readonly isoTimes: boolean
  /** When each row's label became known, where the detector says how long that takes. */
  readonly knownAt?: Float64Array
  /** The key that alerts are grouped by: a number for each of its values, -1 where it is missing. */
  readonly cards?: Int32Array
  readonly amounts?: Float64Array
  readonly weights?: Float64Array
  readonly weightColumn?: string
  readonly badRows: BadRows
}

/** Reads a file of labelled transactions and computes the inputs of a model; without a detector one is guessed. */
export async function readLabelledRows(file: string, flags: InputFlags, run: Run): Promise<LabelledRows> {
  if (flags.detector !== undefined) return readRowsFor(await readDetector(flags.detector, flags), file, flags, run)
  const read = await readTyped(file, flags, run)
  const located = guessDetector(file, read.table, flags, run)
  const features = compileFeatures(located)
  return flatRows(file, withRepeats(read, located.detector, features), located, features, flags, run)
}

/** A table whose label is a column of numbers, where one is found. */
async function readTyped(file: string, flags: InputFlags, run: Run) {
  const read = await readFileTable(file, flags, run)
  const label = findLabel(read.table, flags.label)
  return label === undefined ? read : { ...read, table: withNumericLabel(read.table, label, file) }
}

/** The same for a detector that is at hand. Features that need more than a row's columns are computed by replay. */
export async function readRowsFor(
  located: LocatedDetector,
  file: string,
  flags: InputFlags,
  run: Run,
): Promise<LabelledRows> {
  const features = compileFeatures(located)
  if (features.columns === undefined) {
    const rows = await replayedRows(located, features, file, flags, run)
    const isDelayed = rows.knownAt !== undefined && features.plan.histories.some((plan) => plan.countsFrauds)
    // Standard input can't be read again.
    if (!isDelayed || isReadOnce(file)) return rows
    const prompt = withoutDelay(located)
    const undelayed = (kept: Uint8Array) => replayedRows(prompt, compileFeatures(prompt), file, flags, quiet(run), kept)
    return { ...rows, undelayed }
  }
  const read = await readFlatTable(file, located.detector, features, flags, run)
  return flatRows(file, read, located, features, flags, run)
}

/** A detector whose labels are known at once. */
function withoutDelay({ detector, locate }: LocatedDetector): LocatedDetector {
  const { transaction } = detector
  return {
    detector: { ...detector, transaction: { ...transaction, label: { field: transaction.label.field } } },
    locate,
  }
}

/** Picks out what the detector names; rows whose label is unknown are left out, and counted. */
function flatRows(
  source: string,
  { table: read, badRows, repeats, repeatedRows }: FlatTable,
  located: LocatedDetector,
  features: FeatureSet,
  flags: InputFlags,
  run: Run,
): LabelledRows {
  // Says where the detector names a column that the file doesn't have.
  const reader = new TransactionReader(located, features.layout, fileReading(source, flags))
  reader.open(read)
  const { detector } = located
  const { transaction } = detector
  const table = withNumericLabel(read, transaction.label.field, source)
  warnOfRepeats(repeats, transaction, leftOut, run)
  if (read.rowCount > 0 && transaction.id === undefined) warnOfRepeatedRows(read, run)
  const labelColumn = numberColumn(table, transaction.label.field).values
  const known = Uint32Array.from(
    labelColumn
      .keys()
      .filter((row) => isLabel(labelColumn[row], row, transaction.label.field) && !repeatedRows.has(row))
      .filter((row) => reader.check(row)),
  )
  warnOfBadRows(reader.badRows(), run)
  warnOfSpoiltKeys(reader, run)
  const left = labelColumn.length - known.length
  const unknown = labelColumn.reduce((count, label) => count + (Number.isNaN(label) ? 1 : 0), 0)
  if (unknown > 0) run.terminal.warn(`${unknown} rows without a label were left out`)
  const pick = (name: string) => {
    const { values } = numberColumn(table, name)
    return left === 0 ? values : Float64Array.from(known, (row) => values[row])
  }
  const time = transaction.time && numberColumn(table, transaction.time.field)
  if (time !== undefined && (time.kind === 'time') !== (transaction.time?.format === 'iso')) {
    throw otherTimes(time, transaction.time?.format)
  }
  return {
    source: nameOf(source),
    detector,
    fingerprint: fingerprint(table),
    features: features.names,
    columns: (features.columns ?? []).map(pick),
    labels: Uint8Array.from(known, (row) => labelColumn[row]),
    ...(time && { times: pick(time.name) }),
    isoTimes: time?.kind === 'time',
    ...(transaction.amount && { amounts: amountsOf(transaction.amount, pick) }),
    ...(flags.weightColumn !== undefined && {
      weights: checkWeights(pick(flags.weightColumn), flags.weightColumn),
      weightColumn: flags.weightColumn,
    }),
    badRows: joinBadRows(badRows, reader.badRows()),
  }
}

/** In major units; by its rate, where amounts are of more than one currency. */
function amountsOf(
  { field, conversion }: NonNullable<Detector['transaction']['amount']>,
  pick: (name: string) => Float64Array,
): Float64Array {
  const amounts = pick(field)
  if (conversion === undefined) return amounts
  const rates = pick(conversion)
  return amounts.map((amount, row) => amount * rates[row])
}

/** A few equal rows are no wonder; more are a file put together of others that overlap. */
function warnOfRepeatedRows(table: Table, { terminal }: Run): void {
  const repeated = countRepeatedRows(table)
  if (repeated < table.rowCount / 100) return
  const share = ((100 * repeated) / table.rowCount).toFixed(1)
  terminal.warn(
    `${repeated.toLocaleString('en')} rows (${share} %) equal an earlier one in every column: is the file put together of ` +
      'others that overlap? Each row counts, so intervals are too narrow',
  )
}

function isLabel(value: number, row: number, field: string): boolean {
  if (value === 0 || value === 1) return true
  if (Number.isNaN(value)) return false
  throw new FraudError('DATA_INVALID', `The label ${field} of row ${row} is ${value}; ${labelsAllowed}`)
}
