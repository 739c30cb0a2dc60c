import { basename } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { option } from '../core/option.ts'
import type { Progress } from '../core/progress.ts'
import { showValue } from '../core/show-value.ts'
import type { DeclaredTime, TimeFormat } from '../core/time-formats.ts'
import { listNames } from '../data/columns.ts'
import { inferDetector } from '../data/infer-detector.ts'
import { knownKeyOf } from '../data/key-names.ts'
import type { Table } from '../data/table.ts'
import {
  type Detector,
  inMemory,
  type LocatedDetector,
  parseDetector,
  parseDetectorFile,
} from '../detector/detector.ts'
import { kindNames } from '../features/declare-features.ts'
import { wholeDetector } from '../learners/detector-model.ts'
import type { LogReading } from '../log/decision-log.ts'
import type { Definition } from '../log/log-record.ts'
import { ownDetector } from '../log/own-detector.ts'
import { readBytes } from './read-bytes.ts'
import type { InputRequest } from './read-input.ts'

/** The detector of a file, with what the request says otherwise. */
export async function readDetector(
  path: string,
  { label, time, timeFormat, ignore = [] }: InputRequest,
): Promise<LocatedDetector> {
  const text = (await readBytes(path, 'The detector file')).toString('utf8')
  const { detector, locate } = parseDetectorFile(text, path, wholeDetector)
  const { transaction, features } = detector
  const unknown = ignore.find((name) => !features.includes(name))
  if (unknown !== undefined) {
    throw new FraudError(
      'DATA_INVALID',
      `${option('ignore')} ${unknown}: the detector has no feature of that name to leave out`,
    )
  }
  const kept = features.flatMap((feature, i) => (typeof feature !== 'string' || !ignore.includes(feature) ? [i] : []))
  const changed = parseDetector({
    ...detector,
    transaction: {
      ...transaction,
      ...(label !== undefined && { label: { ...transaction.label, field: label } }),
      ...((time ?? timeFormat) !== undefined && { time: changedTime(transaction.time, time, timeFormat) }),
    },
    features: kept.map((i) => features[i]),
  })
  const placeInFile = ([part, i, ...rest]: readonly PropertyKey[]) =>
    part === 'features' && typeof i === 'number' ? [part, kept[i], ...rest] : [part, i, ...rest]
  return { detector: changed, locate: (path) => locate(path.length < 2 ? path : placeInFile(path)) }
}

const mostShown = 50

/** A detector's name by that of its file. */
export function detectorName(path: string): string {
  const name = basename(path === '-' ? 'stdin' : path)
    .replace(/\.(csv|tsv|ndjson|jsonl|json|parquet|xlsx)(\.gz)?$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64)
  return name || 'table'
}

/** A detector guessed from the table, and told to the user. */
export function guessDetector(path: string, table: Table, request: InputRequest, run: Progress): LocatedDetector {
  const { detector, leftOut } = inferDetector(table, detectorName(path), run.nowMs(), {
    ...(request.label !== undefined && { label: request.label }),
    mayLackLabel: request.keepsUnlabelled === true && request.label === undefined,
    ...(request.time !== undefined && { time: request.time }),
    ...(request.timeFormat !== undefined && { timeFormat: request.timeFormat }),
    ignore: [...(request.ignore ?? []), ...(request.weightColumn === undefined ? [] : [request.weightColumn])],
    reserved: kindNames,
  })
  const { transaction, features }: Detector = detector
  run.note(
    `  inferred: label ${labelWords(table, detector)}, time ${describeTime(transaction.time)}, ${features.length} inputs`,
  )
  const others = leftOut.filter(({ column }) => column !== transaction.time?.field)
  if (others.length > 0) {
    const shown = others.slice(0, mostShown).map(({ column, reason }) => `${showValue(column)} (${reason})`)
    const more = others.length > mostShown ? [`and ${(others.length - mostShown).toLocaleString('en')} more`] : []
    run.note(`  left out: ${[...shown, ...more].join(', ')}`)
  }
  const keys = others.map(({ column }) => column).filter((column) => knownKeyOf(column) !== undefined)
  if (keys.length > 0)
    run.note(
      `  features of their histories are left out, too, by ${listNames(keys)}: shrike init FILE drafts a detector with them`,
    )
  return { detector, locate: inMemory }
}

function labelWords({ columns }: Table, { transaction: { label } }: Detector): string {
  return columns.some(({ name }) => name === label.field)
    ? label.field
    : `none (${label.field}, should labels come later)`
}

function describeTime(time: DeclaredTime | undefined): string {
  return time === undefined ? 'none' : `${showValue(time.field)} (${time.format})`
}

/** A start belongs to the format that it was written for. */
function changedTime(declared: DeclaredTime | undefined, field: string | undefined, format: TimeFormat | undefined) {
  const { start, clock, ...time } = {
    ...{ field: '', format: 'iso' as const, ...declared },
    ...(field !== undefined && { field }),
  }
  const isSame = format === undefined || format === declared?.format
  const hasClock = isSame && time.field === declared?.field && clock !== undefined
  return {
    ...time,
    ...(format !== undefined && { format }),
    ...(isSame && start !== undefined && { start }),
    ...(hasClock && { clock }),
  }
}

/** The detector that was in force last, with what the policy's features added to it. */
export function lastDetector(reader: Pick<LogReading, 'lastDefinition'>): LocatedDetector {
  return { detector: parseDetector(lastDefinition(reader).detector), locate: inMemory }
}

/** The one that the model was trained for that was in force last. */
export function lastOwnDetector(reader: Pick<LogReading, 'lastDefinition'>): LocatedDetector {
  return { detector: parseDetector(ownDetector(lastDefinition(reader))), locate: inMemory }
}

function lastDefinition(reader: Pick<LogReading, 'lastDefinition'>): Definition {
  const last = reader.lastDefinition()
  if (last === undefined) throw new FraudError('DATA_INVALID', 'The log is empty: it has no transactions yet')
  return last.definition
}
