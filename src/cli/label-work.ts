import { existsSync } from 'node:fs'
import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { timeReader } from '../core/time-formats.ts'
import { formatIsoTime, readIsoTime } from '../core/time-parser.ts'
import { zoneOffset } from '../core/zone.ts'
import type { BadRow } from '../data/bad-rows.ts'
import { textReader } from '../data/columns.ts'
import { rowWordOf } from '../data/file-format.ts'
import { labelOf } from '../data/label-column.ts'
import { openTables } from '../data/read-table.ts'
import { type Table, tellRow } from '../data/table.ts'
import type { LabelCounts, LabelLineError } from '../deciding/label-tally.ts'
import { idThatIsTold } from '../deciding/labels.ts'
import type { Detector } from '../detector/detector.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { lastDetector } from '../training/find-detector.ts'
import { nameOf, type ReadingFlags, readOptions, tellNotes } from '../training/read-input.ts'
import { rejectsOf, writeRejects } from '../training/rejects.ts'
import { type LabelSink, openSink, type SinkFlags } from './label-sink.ts'
import { openLog } from './log-files.ts'
import { checkOutputs } from './output-paths.ts'
import type { Run } from './run.ts'

export interface LabelFlags extends SinkFlags, ReadingFlags {
  readonly id?: string
  readonly label?: string
  readonly knownAt?: string
  readonly source?: string
}

/** Few enough to be answered soon, and that the refused of them are all listed. */
const piece = 1000
const rowsPerTable = 16_384
const wholeLine = '(line)'

interface Columns {
  readonly id: string
  readonly label: string
  readonly knownAt: string | undefined
}

type Counts = LabelCounts & { readonly unlabelled: number }
interface Reject extends Omit<LabelLineError, 'code'>, Pick<BadRow, 'isLineAlone'> {
  /** For people. */
  readonly place: string
}

/** Brings the labels of a file to a service or into a data directory; what was acknowledged stays, whatever comes then. */
export async function label(file: string, flags: LabelFlags, run: Run): Promise<void> {
  await checkOutputs(rejectsOf(flags), { FILE: file, '--bundle': flags.bundle })
  const sink = await openSink(flags, run)
  const rejects: Reject[] = []
  let counts: Counts = { ...none }
  try {
    for await (const report of sendFile(file, flags, sink, run)) {
      counts = add(counts, report.counts)
      rejects.push(...report.rejects)
      const [first] = report.rejects
      if (first !== undefined && flags.badRows !== 'skip') throw refused(file, first)
    }
  } catch (error) {
    if (error instanceof FraudError)
      throw new FraudError(error.code, `${error.message}${goOn(counts, sink)}`, { cause: error, hint: error.hint })
    throw error
  } finally {
    await sink.close()
  }
  const rows = rejects.map((reject) => ({ ...reject, reason: reasonOf(reject) }))
  await writeRejects(file, rows, flags, run)
  tell(counts, rejects, sink, run)
  run.terminal.result({ ...counts, where: sink.where, firstRejects: rejects.slice(0, 20) })
}

const none = { lines: 0, accepted: 0, pending: 0, changed: 0, repeated: 0, overruled: 0, refused: 0, unlabelled: 0 }

function add(one: Counts, other: Counts): Counts {
  return {
    lines: one.lines + other.lines,
    accepted: one.accepted + other.accepted,
    pending: one.pending + other.pending,
    changed: one.changed + other.changed,
    repeated: one.repeated + other.repeated,
    overruled: one.overruled + other.overruled,
    refused: one.refused + other.refused,
    unlabelled: one.unlabelled + other.unlabelled,
  }
}

interface PieceReport {
  readonly counts: Counts
  readonly rejects: readonly Reject[]
}

async function* sendFile(file: string, flags: LabelFlags, sink: LabelSink, run: Run): AsyncGenerator<PieceReport> {
  const declared = declaredBy(flags)
  const progress = run.terminal.begin(`label ${nameOf(file)}`)
  const options = readOptions(flags, run)
  const open = openTables(file, {
    ...options,
    columns: { ...options.columns, ...kindsOf(flags, declared) },
    required: [],
    rowsPerTable,
    onProgress: ({ bytesRead, bytesTotal }) => bytesTotal !== undefined && progress.update(bytesRead, bytesTotal),
  })
  let rows = 0
  let skipped = 0
  for await (const table of open.tables) {
    const names = table.columns.map(({ name }) => name)
    const read = labelReader(table, columnsOf(names, nameOf(file), flags, declared), flags, declared)
    const before = rows
    const placeOf = (row: number) => ({
      line: table.lineOf?.(row) ?? before + row + 1,
      place: tellRow(table, row, before),
    })
    for (let from = 0; from < table.rowCount; from += piece) {
      if (run.signal.aborted) throw new FraudError('INTERRUPTED', 'Stopped before the end')
      yield await sendPiece(from, Math.min(table.rowCount, from + piece), read, placeOf, sink)
    }
    rows += table.rowCount
    const { count, first } = open.badRows()
    // The reason names the column.
    const unread = first
      .slice(skipped)
      .map((row) => ({ ...row, place: row.place ?? `${rowWordOf(file)} ${row.line}`, field: wholeLine }))
    if (count > skipped)
      yield { counts: { ...none, lines: count - skipped, refused: count - skipped }, rejects: unread }
    skipped = count
  }
  progress.end(`${rows.toLocaleString('en')} rows`)
  tellNotes(open.notes(), run)
}

async function sendPiece(
  from: number,
  to: number,
  read: (row: number) => ReadLabel | undefined,
  placeOf: (row: number) => { readonly line: number; readonly place: string },
  sink: LabelSink,
): Promise<PieceReport> {
  const places: ReturnType<typeof placeOf>[] = []
  const labels: object[] = []
  const rejects: Reject[] = []
  let unlabelled = 0
  for (let row = from; row < to; row++) {
    const value = read(row)
    if (value === undefined) unlabelled += 1
    else if ('reason' in value) rejects.push({ ...placeOf(row), ...value })
    else {
      labels.push(value.label)
      places.push(placeOf(row))
    }
  }
  const {
    errors,
    refusedUnlisted: _,
    ...sent
  } = labels.length === 0 ? { ...none, errors: [], refusedUnlisted: 0 } : await sink.send(labels)
  const told = errors.map(({ line, id, field, reason }) => ({ ...places[line - 1], id, field, reason }))
  const counts = {
    ...none,
    ...sent,
    unlabelled,
    lines: sent.lines + rejects.length,
    refused: sent.refused + rejects.length,
  }
  return { counts, rejects: [...rejects, ...told].sort((a, b) => a.line - b.line) }
}

/** The columns by flag, else by the names of a label, else by the detector's. */
function columnsOf(names: readonly string[], file: string, flags: LabelFlags, declared: Declared | undefined): Columns {
  const find = (flag: string | undefined, usual: string, other: string | undefined) => {
    if (flag !== undefined && !names.includes(flag))
      throw new FraudError('DATA_INVALID', `${file} has no column "${flag}"${suggestion(flag, names)}`)
    return flag ?? [usual, other].find((name) => name !== undefined && names.includes(name))
  }
  const id = find(flags.id, 'transactionId', declared?.id)
  const label = find(flags.label, 'isFraud', declared?.label.field)
  if (id === undefined || label === undefined) {
    const what = id === undefined ? "the transaction's id: name it with --id" : 'the label: name it with --label'
    throw new FraudError('DATA_INVALID', `${file} has no column for ${what}. It has ${names.join(', ')}`)
  }
  return { id, label, knownAt: find(flags.knownAt, 'knownAt', declared?.label.knownAt) }
}

type Declared = Detector['transaction']

/** What the directory's detector calls its columns; undefined where there is none yet. */
function declaredBy(flags: LabelFlags): Declared | undefined {
  if (flags.url !== undefined || !existsSync(dataDirectory(flags.data).logPath)) return undefined
  const log = openLog(flags)
  try {
    return log.lastDefinition() && lastDetector(log).detector.transaction
  } finally {
    log.close()
  }
}

/** Ids, labels and times are texts, however they look: `read` says what they mean. */
function kindsOf(flags: LabelFlags, declared: Declared | undefined): Record<string, 'text'> {
  const names = ['transactionId', flags.id, declared?.id, 'isFraud', flags.label, declared?.label.field]
  names.push('knownAt', flags.knownAt, declared?.label.knownAt, 'source')
  return Object.fromEntries(names.flatMap((name) => (name === undefined ? [] : [[name, 'text' as const]])))
}

/** A row as a label is sent, or why it can't be. */
type ReadLabel = { readonly label: object } | Pick<Reject, 'id' | 'field' | 'reason'>

/** Reads rows; undefined where nothing is known of one. */
function labelReader(table: Table, { id, label, knownAt }: Columns, flags: LabelFlags, declared: Declared | undefined) {
  const idOf = textReader(table, id)
  const wordOf = textReader(table, label)
  const knownOf = knownAt === undefined ? () => undefined : textReader(table, knownAt)
  const hasSource = table.columns.some(({ name }) => name === 'source')
  const sourceOf = hasSource ? textReader(table, 'source') : () => undefined
  const timeOf = knownReader(declared)
  const bad = (row: number, field: string, reason: string) => ({ field, reason, ...idThatIsTold(idOf(row)) })
  return (row: number): ReadLabel | undefined => {
    const word = wordOf(row)
    if (word === undefined || word.trim() === '') return undefined
    const value = labelOf(word)
    if (value !== 0 && value !== 1)
      return Number.isNaN(value)
        ? undefined
        : bad(row, 'isFraud', `"${showValue(word)}" does not say whether it was fraud`)
    const known = knownOf(row)
    const knownMs = known === undefined ? undefined : timeOf(known.trim())
    if (Number.isNaN(knownMs)) return bad(row, 'knownAt', `"${showValue(known ?? '')}" is not a time`)
    const label = {
      ...{ transactionId: idOf(row), isFraud: value === 1 },
      ...(knownMs !== undefined && { knownAt: formatIsoTime(knownMs) }),
      source: sourceOf(row) ?? flags.source,
    }
    return { label }
  }
}

/** Times as ISO texts in the detector's zone, else as numbers of its format; NaN for what is neither. */
function knownReader(declared: Declared | undefined): (text: string) => number {
  const offsetAt = zoneOffset(declared?.zone ?? 'UTC')
  const ofNumber = declared?.time && timeReader(declared.time, offsetAt)
  return (text) => {
    const isoMs = readIsoTime(text, offsetAt)
    const ms = Number.isNaN(isoMs) && ofNumber !== undefined && text !== '' ? ofNumber(Number(text)) : isoMs
    return Math.abs(ms) <= 8.64e15 ? ms : Number.NaN
  }
}

function refused(file: string, reject: Reject): FraudError {
  const more = '; --bad-rows skip goes on behind such rows'
  return new FraudError('DATA_INVALID', `${nameOf(file)}, ${whereOf(reject)}: ${reasonOf(reject)}${more}`)
}

function whereOf({ place, id }: Reject): string {
  return id === undefined ? place : `${place}, transaction "${showValue(id)}"`
}

function reasonOf({ field, reason }: Reject): string {
  return field === wholeLine ? reason : `${field}: ${reason}`
}

function goOn({ accepted, repeated }: Counts, { where }: LabelSink): string {
  if (accepted + repeated === 0) return ''
  const count = (accepted + repeated).toLocaleString('en')
  return `\n${count} labels are in ${where} and stay there: run the same command again to go on`
}

function tell(counts: Counts, rejects: readonly Reject[], { where }: LabelSink, { terminal }: Run): void {
  const count = (value: number) => value.toLocaleString('en')
  const { accepted, changed, pending, repeated, overruled, refused: bad, unlabelled } = counts
  terminal.say(`${count(accepted)} labels are new in ${where}, ${count(repeated)} were known before`)
  if (changed > 0) terminal.say(`${count(changed)} of the new ones take the place of another label`)
  if (pending > 0) terminal.warn(`${count(pending)} are of transactions that have not come, and wait for them`)
  if (overruled > 0) terminal.warn(`${count(overruled)} of those known before are overruled by a label that came since`)
  if (unlabelled > 0) terminal.say(`${count(unlabelled)} rows have no label and say nothing`)
  if (bad === 0) return
  const first = rejects.slice(0, 20).map((reject) => `${whereOf(reject)}: ${reasonOf(reject)}`)
  terminal.warn(`${count(bad)} bad rows were skipped, the first of them:\n  ${first.join('\n  ')}`)
}
