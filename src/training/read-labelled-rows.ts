import { type Progress, quiet } from '../core/progress.ts'
import { joinBadRows } from '../data/bad-rows.ts'
import { isReadOnce } from '../data/byte-source.ts'
import { otherTimes } from '../data/cell-readers.ts'
import { numberColumn } from '../data/columns.ts'
import { fingerprint } from '../data/fingerprint.ts'
import { findLabel } from '../data/infer-detector.ts'
import { withNumericLabel } from '../data/label-column.ts'
import type { Table } from '../data/table.ts'
import { TransactionReader } from '../data/transaction-reader.ts'
import type { Detector, LocatedDetector } from '../detector/detector.ts'
import { compileFeatures, type FeatureSet } from '../features/feature-set.ts'
import { withoutDelay } from '../features/undelayed.ts'
import { guessDetector, readDetector } from './find-detector.ts'
import { type FlatTable, readFlatTable, withRepeats } from './flat-table.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { fileReading, type InputRequest, nameOf, readFileTable, warnOfBadRows, warnOfSpoiltKeys } from './read-input.ts'
import { writeRejects } from './rejects.ts'
import { warnOfRepeats } from './repeated-ids.ts'
import { leftOut } from './replay-file.ts'
import { replayedRows } from './replayed-rows.ts'
import { unlabelledAmong } from './row-collector.ts'
import { countRepeatedRows } from './row-hash.ts'
import { checkWeights } from './row-weights.ts'

/** Reads a file of labelled transactions and computes the inputs of a model; without a detector one is guessed. */
export async function readLabelledRows(file: string, request: InputRequest, run: Progress): Promise<LabelledRows> {
  if (request.detector !== undefined)
    return readRowsFor(await readDetector(request.detector, request), file, request, run)
  const read = await readFileTable(file, request, run)
  const label = findLabel(read.table, request.label)
  const typed = label === undefined ? read.table : withNumericLabel(read.table, label)
  const located = guessDetector(file, typed, request, run)
  const features = compileFeatures(located)
  return flatRows(file, withRepeats(read, located.detector, features), located, features, request, run)
}

/** The same for a detector that is at hand. Features that need more than a row's columns are computed by replay. */
export async function readRowsFor(
  located: LocatedDetector,
  file: string,
  request: InputRequest,
  run: Progress,
): Promise<LabelledRows> {
  const features = compileFeatures(located)
  if (features.columns === undefined) {
    const rows = await replayedRows(located, features, file, request, run)
    const isDelayed = rows.knownAt !== undefined && features.plan.histories.some((plan) => plan.countsFrauds)
    // Standard input can't be read again.
    if (!isDelayed || rows.undelayed !== undefined || isReadOnce(file)) return rows
    const prompt = { ...located, detector: withoutDelay(located.detector) }
    const undelayed = (kept: Uint8Array) =>
      replayedRows(prompt, compileFeatures(prompt), file, { ...request, keepsUnlabelled: false }, quiet(run), kept)
    return { ...rows, undelayed }
  }
  const read = await readFlatTable(file, located.detector, features, request, run)
  return flatRows(file, read, located, features, request, run)
}

/** Picks out what the detector names; rows whose label is unknown are left out, and counted. */
async function flatRows(
  source: string,
  { table: read, badRows, repeats, repeatedRows }: FlatTable,
  located: LocatedDetector,
  features: FeatureSet,
  request: InputRequest,
  run: Progress,
): Promise<LabelledRows> {
  // Says where the detector names a column that the file doesn't have.
  const reader = new TransactionReader(located, features.layout, fileReading(source, request))
  reader.open(read)
  const { detector } = located
  const { transaction } = detector
  const table = withNumericLabel(read, transaction.label.field)
  warnOfRepeats(repeats, transaction, leftOut, run)
  if (read.rowCount > 0 && transaction.id === undefined) warnOfRepeatedRows(read, run)
  const labelColumn = labelsOf(table, transaction.label.field, request)
  const { delay, knownAt = delay } = transaction.label
  const isLate = transaction.time !== undefined && knownAt !== undefined
  const knownAtMs: number[] = []
  let unknown = 0
  const isUsable = (row: number): boolean => {
    const label = reader.takeLabel(row)
    if (label === undefined || repeatedRows.has(row)) return false
    const isUnknown = Number.isNaN(label)
    if (isUnknown && request.keepsUnlabelled !== true) {
      unknown++
      return false
    }
    if (reader.check(row) !== true) return false
    if (isLate) knownAtMs.push(isUnknown ? Number.NaN : reader.readKnownAt(row))
    return true
  }
  const known = Uint32Array.from(labelColumn.keys().filter(isUsable))
  warnOfBadRows(reader.badRows(), source, run)
  const allBadRows = joinBadRows(badRows, reader.badRows())
  await writeRejects(source, allBadRows.first, request, run)
  warnOfSpoiltKeys(reader, run)
  const left = labelColumn.length - known.length
  if (unknown > 0) run.warn(`${unknown} rows without a label were left out`)
  const pick = (name: string) => {
    const { values } = numberColumn(table, name)
    return left === 0 ? values : Float64Array.from(known, (row) => values[row])
  }
  const { time } = transaction
  const column = time && time.clock === undefined ? numberColumn(table, time.field) : undefined
  if (column !== undefined && (column.kind === 'time') !== (time?.format === 'iso')) {
    throw otherTimes(column, time?.format)
  }
  const times = column ? pick(column.name) : time && Float64Array.from(known, (row) => reader.readTime(row))
  return {
    source: nameOf(source),
    detector,
    fingerprint: fingerprint(table),
    features: features.names,
    columns: (features.columns ?? []).map(pick),
    labels: Uint8Array.from(known, (row) => labelColumn[row]),
    ...unlabelledAmong(Float64Array.from(known, (row) => labelColumn[row])),
    ...(times && { times }),
    isoTimes: time?.format === 'iso',
    ...(isLate && { knownAt: Float64Array.from(knownAtMs) }),
    ...(transaction.amount && { amounts: amountsOf(transaction.amount, pick) }),
    ...(request.weightColumn !== undefined && {
      weights: checkWeights(pick(request.weightColumn), request.weightColumn),
      weightColumn: request.weightColumn,
    }),
    badRows: allBadRows,
  }
}

/** A column of labels; of unknown ones, where a table may lack it. */
function labelsOf(table: Table, name: string, { keepsUnlabelled, label }: InputRequest): Float64Array {
  const isThere =
    keepsUnlabelled !== true || label !== undefined || table.columns.some((column) => column.name === name)
  return isThere ? numberColumn(table, name).values : new Float64Array(table.rowCount).fill(Number.NaN)
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
function warnOfRepeatedRows(table: Table, run: Progress): void {
  const repeated = countRepeatedRows(table)
  if (repeated < table.rowCount / 100) return
  const share = ((100 * repeated) / table.rowCount).toFixed(1)
  run.warn(
    `${repeated.toLocaleString('en')} rows (${share} %) equal an earlier row in every column: was the file made from ` +
      'files that overlap? Each row counts, so intervals are too narrow',
  )
}
