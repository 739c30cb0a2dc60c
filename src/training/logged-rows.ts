import { durationMs } from '../core/duration.ts'
import { FraudError } from '../core/errors.ts'
import { option, optionInvalid } from '../core/option.ts'
import { type Progress, throwIfInterrupted } from '../core/progress.ts'
import { recordBy } from '../core/record-by.ts'
import { noBadRows } from '../data/bad-rows.ts'
import { columnForms } from '../deciding/column-form.ts'
import { longestSpanMs } from '../deciding/detector-in-force.ts'
import { adviceOn, ColumnCounts, tellCounts } from '../deciding/lost-histories.ts'
import { type OnTransaction, Rebuild } from '../deciding/rebuild.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import { fieldOf } from '../detector/kept-fields.ts'
import { labelRanks, type RankOfSource } from '../detector/label-precedence.ts'
import type { Transaction } from '../detector/transaction.ts'
import { compileFeatures, computeRow, type FeatureSet } from '../features/feature-set.ts'
import type { LogReading, TransactionRecord } from '../log/decision-log.ts'
import type { Definition, Sequenced } from '../log/log-record.ts'
import { ownDetector } from '../log/own-detector.ts'
import { tellUnread } from '../log/unread-parts.ts'
import { type ControlPart, controlPartOf, DeclinedCounts, type DeclinedRows, tellWeights } from './declined-rows.ts'
import { lastDetector, lastOwnDetector, readDetector } from './find-detector.ts'
import type { LabelledRows } from './labelled-rows.ts'
import type { InputRequest } from './read-input.ts'
import { cardColumn, RowCollector, withoutLabelsHint } from './row-collector.ts'

export interface LossRequest {
  readonly acceptLostHistories?: boolean
}

/** One transaction of the log with its row; the row is valid until the next one. */
export interface LoggedTransaction {
  readonly record: TransactionRecord
  readonly transaction: Transaction
  readonly row: Float64Array
  /** Whether it came so long after newer ones that histories did not hold what was before it any more. */
  readonly isLate: boolean
}

interface LogReplay {
  readonly usesStored: (record: TransactionRecord) => boolean
  /** Sees every transaction of the log, those that the detector can't take included. */
  readonly counts?: ColumnCounts
  readonly signal: AbortSignal
}

/**
 * The transactions of a log in sequence order, each with the row that its histories make, in groups. Where `usesStored`
 * says that the stored row is the same, that one is taken.
 */
export function* replayLog(
  { detector }: LocatedDetector,
  features: FeatureSet,
  reader: LogReading,
  { usesStored, counts, signal }: LogReplay,
): Generator<readonly LoggedTransaction[]> {
  const rebuild = new Rebuild({ detector, features }, reader, undefined, {}, true)
  const spanMs = longestSpanMs(features)
  let newestMs = Number.NEGATIVE_INFINITY
  let group: LoggedTransaction[] = []
  const addRow: OnTransaction = (record, transaction, histories) => {
    const isStored = record.kind === 'decision' && usesStored(record)
    const row = isStored
      ? record.row.subarray(0, features.names.length)
      : computeRow(features, transaction, histories, new Float64Array(features.names.length))
    group.push({ record, transaction, row, isLate: !isStored && transaction.timestampMs < newestMs - spanMs })
    newestMs = Math.max(newestMs, transaction.timestampMs)
  }
  const count = (record: Sequenced) => {
    if (record.kind === 'decision' || record.kind === 'history') counts?.see(record)
  }
  for (;;) {
    throwIfInterrupted(signal)
    group = []
    if (!rebuild.step(addRow, count)) return
    yield group
  }
}

/** What a transaction of the log is to learning: a row, or left out. */
const rowKinds = ['fraud', 'calledLegitimate', 'approved', 'history'] as const
const kinds = [...rowKinds, 'young', 'undecided', 'declined', 'stoodFor', 'unknown', 'late'] as const
type Kind = (typeof kinds)[number]

/**
 * The labelled rows of a log, all of them older than the labels' maturity: among younger ones there would be too many
 * frauds, which are known first. Without a label a row is legitimate only if it was approved, or brought in with a file
 * that said so; what was declined or reviewed is left out, since nobody knows. What a control group let through counts for
 * all that it would have been declined with, and those that were declined beside it are left out, labels and all: a
 * fraud among them would count twice.
 *
 * @param own the detector that rows are wanted for, in place of the one that the request names.
 */
export async function loggedRows(
  reader: LogReading,
  source: string,
  request: InputRequest & LossRequest,
  run: Progress,
  own?: LocatedDetector,
): Promise<LabelledRows> {
  const located = own ?? (await detectorOfModel(request, reader, run))
  const features = compileFeatures(located)
  const { transaction } = located.detector
  const maturityMs = durationMs(transaction.label.maturity ?? transaction.label.delay ?? '0s')
  const labels = latestLabels(reader, labelRanks({ transaction }))
  const { newestMs } = reader.transactionsIn(reader.prunedThrough(), reader.lastSequence())
  const isSame = sameFeatures(located, features, reader)
  const card = cardColumn(located.detector, request.by)
  const cardOf = ({ fields, definition }: TransactionRecord) =>
    card === undefined ? undefined : fieldOf(reader.definition(definition), fields, card)?.toString()
  const collector = new RowCollector(features.names.length)
  const counts = recordBy(kinds, () => 0)
  const declined = new DeclinedCounts()
  const progress = run.begin('read the log')
  const last = reader.lastSequence()
  const usesStored = ({ definition }: TransactionRecord) => isSame(definition)
  const columns = countColumns(located, features, reader)
  for (const group of replayLog(located, features, reader, { usesStored, counts: columns, signal: run.signal })) {
    for (const { record, transaction: seen, row, isLate } of group) {
      const given = labels.get(record.id)
      const control = controlPartOf(record)
      const kind = isLate ? 'late' : kindOf(record, control, given?.isFraud, newestMs - maturityMs)
      counts[kind]++
      const isLabelled = isRow(kind)
      if (isLate || (!isLabelled && request.keepsUnlabelled !== true)) continue
      const label = isLabelled ? Number(kind === 'fraud') : Number.NaN
      const knownAtMs =
        given === undefined ? seen.timestampMs + maturityMs : Math.max(given.knownAtMs, seen.timestampMs)
      const { timestampMs, amount } = seen
      collector.add({
        row,
        timestampMs,
        label,
        knownAtMs,
        card: collector.cardNumber(cardOf(record)),
        amount,
        weight: isLabelled ? declined.weigh(control) : 1,
      })
    }
    progress.update(group.at(-1)?.record.sequence ?? last, last)
  }
  progress.end(`${collector.rowCount.toLocaleString('en')} ${request.keepsUnlabelled === true ? '' : 'labelled '}rows`)
  declined.counts.stoodFor = counts.stoodFor
  declined.counts.unlabelled = counts.declined
  tell(counts, declined.counts, run)
  warnOfUnread(reader.unread, run)
  warnOfLosses(columns, run)
  warnOfLate(counts.late, 'they are left out', run)
  if (request.acceptLostHistories !== true) refuseUndeclared(columns)
  if (collector.rowCount === 0)
    throw new FraudError(
      'DATA_INVALID',
      "The log has no transaction with a known label that is older than the labels' maturity",
      { hint: withoutLabelsHint },
    )
  const { rows, knownAt, cards, weights } = collector.finish(located.detector, features.names)
  const isWeighted = declined.counts.passed > 0
  return {
    ...rows,
    source,
    knownAt,
    cards,
    declined: declined.counts,
    ...(isWeighted && { weights }),
    badRows: noBadRows,
  }
}

/** A file's, else that of the model that was in force last, with the policy's features where they are asked for. */
async function detectorOfModel(request: InputRequest, reader: LogReading, run: Progress): Promise<LocatedDetector> {
  if (request.detector !== undefined) {
    if (request.policyFeatures === true)
      throw optionInvalid('policyFeatures', 'is for the detector of the log: the one of a file lists its features')
    return readDetector(request.detector, request)
  }
  const whole = lastDetector(reader)
  if (request.policyFeatures === true) return whole
  const own = lastOwnDetector(reader)
  const more = compileFeatures(whole).names.slice(compileFeatures(own).names.length)
  if (more.length > 0)
    run.note(
      `  features that only the policy looks at are left out: ${more.join(', ')} (${option('policyFeatures')} learns from them, too)`,
    )
  return own
}

/** Counts the columns that features read, alone or through histories. */
export function countColumns({ detector }: LocatedDetector, { layout }: FeatureSet, reader: LogReading): ColumnCounts {
  // With two card keys, the last one is that of new hashes.
  const { cardKeyCheck } = reader.lastDefinition()?.definition ?? {}
  const formOf = columnForms({ detector, ...(cardKeyCheck && { cardKeyCheck }) })
  const { amount } = detector.transaction
  const columns = [amount?.field, amount?.conversion, ...layout.texts.map(({ column }) => column)]
  const all = [...columns, ...layout.numbers.map(({ column }) => column)]
  return new ColumnCounts(new Set(all.filter((column) => column !== undefined)), reader, detector, formOf)
}

/** Says what of the log's records this version can't read. */
export function warnOfUnread(unread: Readonly<Record<string, number>>, run: Progress): void {
  const told = tellUnread(unread)
  if (told !== undefined) run.warn(told)
}

/** Says of how many transactions the rows lack what was before them. */
export function warnOfLate(count: number, consequence: string, run: Progress): void {
  if (count === 0) return
  run.warn(
    `${count.toLocaleString('en')} transactions are older than what histories held when they came, so their rows lack what was before them: ${consequence}. ` +
      'Replay files in the order of their times',
  )
}

/** Says which columns the log's transactions lack: rows are made without them. */
export function warnOfLosses(counts: ColumnCounts, run: Progress): void {
  const { undeclared } = counts
  const known = new Set(undeclared.map(({ column }) => column))
  const lacked = [...undeclared, ...counts.empty.filter(({ column }) => !known.has(column))]
  if (lacked.length === 0) return
  const hasOtherForms = lacked.some(({ form }) => form !== undefined)
  const what = hasOtherForms
    ? 'lacks fields that the features read, or has them in a different form, so histories do not connect with new transactions'
    : 'lacks fields that the features read, so rows do not have them'
  run.warn(`The log ${what}: ${tellCounts(lacked)}`)
}

/** @throws FraudError HISTORIES_LOST where no transaction was kept with a column that features read. */
function refuseUndeclared({ undeclared }: ColumnCounts): void {
  const none = undeclared.filter(({ have }) => have === 0)
  if (none.length === 0) return
  throw new FraudError(
    'HISTORIES_LOST',
    `The log does not have what the rows of this detector need: ${tellCounts(none)}. ${adviceOn(none)}Train on a file that has them, or ` +
      `without them: ${option('acceptLostHistories')}`,
  )
}

function isRow(kind: Kind): kind is (typeof rowKinds)[number] {
  return rowKinds.some((each) => each === kind)
}

function kindOf(
  record: TransactionRecord,
  control: ControlPart | undefined,
  isFraud: boolean | undefined,
  matureMs: number,
): Kind {
  if (record.timestampMs > matureMs) return 'young'
  if (control?.passed === false) return 'stoodFor'
  if (isFraud !== undefined) return isFraud ? 'fraud' : 'calledLegitimate'
  if (record.kind === 'history') return record.isLabelled ? 'history' : 'unknown'
  if (record.outcome === 'approve') return 'approved'
  return record.outcome === 'decline' ? 'declined' : 'undecided'
}

function tell(counts: Readonly<Record<Kind, number>>, declined: DeclinedRows, run: Progress): void {
  const show = (count: number) => count.toLocaleString('en')
  const used = [
    `${show(counts.fraud)} with a label of fraud`,
    `${show(counts.calledLegitimate)} called legitimate`,
    `${show(counts.approved)} approved and not called fraud`,
    `${show(counts.history)} brought in as legitimate`,
  ]
  const left = [
    `${show(counts.young)} younger than the labels' maturity`,
    `${show(counts.undecided)} challenged or reviewed and without a label`,
    `${show(counts.declined)} declined and without a label`,
    ...(counts.stoodFor > 0 ? [`${show(counts.stoodFor)} declined beside the control group`] : []),
    `${show(counts.unknown)} brought in without a label`,
    ...(counts.late > 0 ? [`${show(counts.late)} too old for histories`] : []),
  ]
  run.note(`  rows: ${used.join(', ')}`)
  const weights = tellWeights(declined)
  if (weights !== undefined) run.note(`  weights: ${weights}`)
  run.note(`  left out: ${left.join(', ')}`)
}

/** The label that counts now, by the transaction's id: of several the source decides, then the later one. */
function latestLabels(
  reader: LogReading,
  rankOf: RankOfSource,
): Map<string, { readonly isFraud: boolean; readonly knownAtMs: number }> {
  const labels = new Map<string, { isFraud: boolean; knownAtMs: number; rank: number }>()
  for (const { id, isFraud, knownAtMs, source } of reader.allLabels()) {
    const rank = rankOf(source)
    if (rank >= (labels.get(id)?.rank ?? 0)) labels.set(id, { isFraud, knownAtMs, rank })
  }
  return labels
}

/** Says of a definition whether its rows begin with those of these features. */
function sameFeatures(
  { detector }: LocatedDetector,
  features: FeatureSet,
  reader: LogReading,
): (definition: number) => boolean {
  const known = new Map<number, boolean>()
  const wanted = partsOfRows(detector)
  return (number) => {
    const before = known.get(number)
    if (before !== undefined) return before
    const definition: Definition = reader.definition(number)
    const isSame =
      [definition.detector, ownDetector(definition)].some((each) => partsOfRows(each) === wanted) &&
      features.names.every((name, i) => definition.features[i] === name)
    known.set(number, isSame)
    return isSame
  }
}

function partsOfRows(detector: unknown): string {
  const parts = typeof detector === 'object' && detector !== null ? { ...detector } : {}
  return JSON.stringify(['transaction', 'features', 'histories'].map((part) => Reflect.get(parts, part) ?? null))
}
