import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { type Detector, parseDetector, parseDetectorFile } from '../core/detector.ts'
import { FraudError } from '../core/errors.ts'
import { findColumn, numberColumn } from '../data/columns.ts'
import { fingerprint } from '../data/fingerprint.ts'
import { inferDetector, timeField } from '../data/infer-detector.ts'
import { type BadRows, readTable } from '../data/read-table.ts'
import type { Table } from '../data/table.ts'
import type { Run } from './run.ts'

export interface InputFlags {
  readonly badRows?: 'fail' | 'skip'
  readonly text?: readonly string[]
  readonly detector?: string
  readonly label?: string
  readonly time?: string
  readonly ignore?: readonly string[]
  readonly weightColumn?: string
}

/** A table by the eyes of a detector: labelled rows only, each part a typed array with one entry per row. */
export interface LabelledRows {
  readonly source: string
  readonly detector: Detector
  readonly fingerprint: string
  /** The model's inputs, in the order of the detector's features. */
  readonly columns: readonly Float64Array[]
  readonly labels: Uint8Array
  /** In the time column's own unit: milliseconds for ISO times, else as the file has it. */
  readonly times?: Float64Array
  readonly isoTimes: boolean
  readonly amounts?: Float64Array
  readonly weights?: Float64Array
  readonly weightColumn?: string
  readonly badRows: BadRows
}

/** Reads a file of transactions, showing how far it got. */
export async function readFileTable(path: string, flags: InputFlags, { terminal, signal }: Run) {
  const progress = terminal.begin(`read ${path === '-' ? 'standard input' : basename(path)}`)
  const read = await readTable(path, {
    badRows: flags.badRows ?? 'fail',
    columns: Object.fromEntries((flags.text ?? []).map((name) => [name, 'text' as const])),
    signal,
    onProgress: ({ bytesRead, bytesTotal }) => bytesTotal !== undefined && progress.update(bytesRead, bytesTotal),
  })
  const { rowCount, columns } = read.table
  progress.end(`${rowCount.toLocaleString('en')} rows, ${columns.length} columns`)
  if (read.badRows.count > 0) {
    const first = read.badRows.first.map(({ line, reason }) => `line ${line}: ${reason}`)
    terminal.warn(`${read.badRows.count} bad rows were skipped, the first of them:\n  ${first.join('\n  ')}`)
  }
  return read
}

/** The detector that was named, or one inferred from the table and told to the user. */
export async function findDetector(
  path: string,
  table: Table,
  flags: InputFlags,
  { terminal }: Run,
): Promise<Detector> {
  if (flags.detector !== undefined) return withFlags(await readDetectorFile(flags.detector), table, flags)
  const name = basename(path === '-' ? 'stdin' : path)
    .replace(/\.(csv|csv\.gz|parquet|ndjson)$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64)
  const { detector, leftOut } = inferDetector(table, name || 'table', {
    ...(flags.label !== undefined && { label: flags.label }),
    ...(flags.time !== undefined && { time: flags.time }),
    ignore: [...(flags.ignore ?? []), ...(flags.weightColumn === undefined ? [] : [flags.weightColumn])],
  })
  const { transaction, features } = detector
  terminal.say(
    `  inferred: label ${transaction.label.field}, time ${transaction.time?.field ?? 'none'}, ${features.length} inputs`,
  )
  const others = leftOut.filter(({ column }) => column !== transaction.time?.field)
  if (others.length > 0) {
    terminal.say(`  left out: ${others.map(({ column, reason }) => `${column} (${reason})`).join(', ')}`)
  }
  return detector
}

async function readDetectorFile(path: string): Promise<Detector> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new FraudError('FILE_UNREADABLE', `The detector file ${path} can't be read`, { cause })
  }
  return parseDetectorFile(text, path)
}

/** Flags win over the file. */
function withFlags(detector: Detector, table: Table, { label, time, ignore = [] }: InputFlags): Detector {
  const { transaction, features } = detector
  const timeColumn = time === undefined ? undefined : findColumn(table, time)
  for (const name of ignore) findColumn(table, name)
  return parseDetector({
    ...detector,
    transaction: {
      ...transaction,
      ...(label !== undefined && { label: { field: label } }),
      ...(timeColumn && { time: timeField(timeColumn) }),
    },
    features: features.filter((name) => !ignore.includes(name)),
  })
}

/** Picks out what the detector names; rows whose label is unknown are left out, and counted. */
export function labelledRows(
  source: string,
  { table, badRows }: { readonly table: Table; readonly badRows: BadRows },
  detector: Detector,
  flags: InputFlags,
  { terminal }: Run,
): LabelledRows {
  const { transaction } = detector
  const labelColumn = numberColumn(table, transaction.label.field).values
  const known = Uint32Array.from(
    labelColumn.keys().filter((row) => isLabel(labelColumn[row], row, transaction.label.field)),
  )
  const unknown = labelColumn.length - known.length
  if (unknown > 0) terminal.warn(`${unknown} rows without a label were left out`)
  const pick = (name: string) => {
    const { values } = numberColumn(table, name)
    return unknown === 0 ? values : Float64Array.from(known, (row) => values[row])
  }
  const time = transaction.time && numberColumn(table, transaction.time.field)
  if (time !== undefined && (time.kind === 'time') !== (transaction.time?.format === 'iso')) {
    const found = time.kind === 'time' ? 'ISO times' : 'numbers'
    throw new FraudError('DATA_INVALID', `The times in ${time.name} are ${found}, not ${transaction.time?.format}`)
  }
  return {
    source: source === '-' ? 'standard input' : basename(source),
    detector,
    fingerprint: fingerprint(table),
    columns: detector.features.map(pick),
    labels: Uint8Array.from(known, (row) => labelColumn[row]),
    ...(time && { times: checkTimes(pick(time.name), time.name) }),
    isoTimes: time?.kind === 'time',
    ...(transaction.amount && { amounts: pick(transaction.amount.field) }),
    ...(flags.weightColumn !== undefined && {
      weights: checkWeights(pick(flags.weightColumn), flags.weightColumn),
      weightColumn: flags.weightColumn,
    }),
    badRows,
  }
}

function isLabel(value: number, row: number, field: string): boolean {
  if (value === 0 || value === 1) return true
  if (Number.isNaN(value)) return false
  throw new FraudError('DATA_INVALID', `The label ${field} of row ${row} is ${value}; it must be 0, 1 or empty`)
}

function checkTimes(times: Float64Array, field: string): Float64Array {
  const missing = times.findIndex((time) => !Number.isFinite(time))
  if (missing < 0) return times
  throw new FraudError('DATA_INVALID', `Row ${missing} has no time in ${field}`)
}

function checkWeights(weights: Float64Array, field: string): Float64Array {
  const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Infinity))
  if (bad < 0) return weights
  throw new FraudError('DATA_INVALID', `Row ${bad} has the weight ${weights[bad]} in ${field}; weights are 0 or more`)
}

/** A time as the file's reader would write it. */
export function formatTime(time: number, iso: boolean): string {
  return iso ? new Date(time).toISOString().replace('.000Z', 'Z') : time.toLocaleString('en')
}
