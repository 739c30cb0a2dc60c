import { existsSync } from 'node:fs'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import type { BadRow } from '../data/bad-rows.ts'
import { listNames } from '../data/columns.ts'
import { rowWordOf } from '../data/file-format.ts'
import { openTables } from '../data/read-table.ts'
import { tellRow } from '../data/table.ts'
import type { LabelCounts, LabelLineError } from '../deciding/label-tally.ts'
import { dataDirectory } from '../stores/data-directory.ts'
import { lastDetector } from '../training/find-detector.ts'
import { nameOf, type ReadingRequest, readOptions, tellNotes } from '../training/read-input.ts'
import { rejectsOf, writeRejects } from '../training/rejects.ts'
import {
  type BadLabel,
  type Declared,
  type LabelColumns,
  labelColumns,
  labelKinds,
  labelReader,
  type NamedColumns,
  type ReadLabel,
} from './label-reader.ts'
import { type LabelSink, openSink, type SinkFlags } from './label-sink.ts'
import { openLog } from './log-files.ts'
import { checkOutputs } from './output-paths.ts'
import type { Run } from './run.ts'

export interface LabelFlags extends SinkFlags, Omit<ReadingRequest, 'label'>, NamedColumns {
  readonly source?: string
}

/** Few enough to be answered soon, and that the refused of them are all listed. */
const piece = 1000
const rowsPerTable = 16_384
const wholeLine = '(line)'

type Counts = LabelCounts & { readonly unlabelled: number }
interface Reject extends Omit<LabelLineError, 'code'>, Pick<BadRow, 'isLineAlone'>, Pick<BadLabel, 'stops'> {
  /** For people. */
  readonly place: string
}

/** Brings the labels of a file to a service or into a data directory; what was acknowledged stays, whatever comes then. */
export async function label(file: string, flags: LabelFlags, run: Run): Promise<void> {
  await checkOutputs({ '--rejects': rejectsOf(flags) }, { FILE: file, '--bundle': flags.bundle })
  const sink = await openSink(flags, run)
  const rejects: Reject[] = []
  let counts: Counts = { ...none }
  try {
    for await (const report of sendFile(file, flags, sink, run)) {
      counts = add(counts, report.counts)
      rejects.push(...report.rejects)
      const first = report.rejects.find(({ stops }) => stops === true || flags.badRows !== 'skip')
      if (first !== undefined) throw refused(file, first)
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
    columns: { ...options.columns, ...labelKinds(flags, declared) },
    required: flags.text ?? [],
    rowsPerTable,
    onProgress: ({ bytesRead, bytesTotal }) => bytesTotal !== undefined && progress.update(bytesRead, bytesTotal),
  })
  let rows = 0
  let skipped = 0
  let isWarned = false
  const warnOfUtc = () => {
    if (!isWarned) run.terminal.warn(utcTaken)
    isWarned = true
  }
  for await (const table of open.tables) {
    const names = table.columns.map(({ name }) => name)
    const columns = labelColumns(names, nameOf(file), flags, declared)
    if (rows === 0) warnOfNow(names, columns, run)
    const read = labelReader(table, columns, declared, flags.source, warnOfUtc)
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
  tellNotes(open.notes(), file, run)
}

const utcTaken =
  "Times without an offset are taken as UTC, since the time zone of that service's detector is not known here"

/** That a label counts only from now on changes what later transactions see, and is easily not meant. */
function warnOfNow(names: readonly string[], { id, label, knownAt }: LabelColumns, { terminal }: Run): void {
  const others = names.filter((name) => ![id, label, 'source'].includes(name))
  if (knownAt !== undefined || others.length === 0) return
  terminal.warn(
    'No column knownAt says when the labels became known, so they count from now on: name one with --known-at, in ' +
      listNames(others),
  )
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

/** What the directory's detector calls its columns; undefined where there is none yet. */
function declaredBy(flags: LabelFlags): Declared {
  if (flags.url !== undefined || !existsSync(dataDirectory(flags.data).logPath)) return undefined
  const log = openLog(flags)
  try {
    return log.lastDefinition() && lastDetector(log).detector.transaction
  } finally {
    log.close()
  }
}

function refused(file: string, reject: Reject): FraudError {
  const more = reject.stops === true ? '' : '; --bad-rows skip leaves such rows out'
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
  return `\n${count} labels are in ${where} and stay there. Run the same command again to continue`
}

function tell(counts: Counts, rejects: readonly Reject[], { where }: LabelSink, { terminal }: Run): void {
  const count = (value: number) => value.toLocaleString('en')
  const { accepted, changed, pending, repeated, overruled, refused: bad, unlabelled } = counts
  terminal.say(`new labels in ${where}: ${count(accepted)}, already known: ${count(repeated)}`)
  if (changed > 0) terminal.say(`replaced another label: ${count(changed)} of the new ones`)
  if (pending > 0) terminal.warn(`waiting for transactions that have not arrived: ${count(pending)} of the new ones`)
  if (overruled > 0) terminal.warn(`replaced by a later label since: ${count(overruled)} of the known ones`)
  if (unlabelled > 0) terminal.say(`rows without a label: ${count(unlabelled)}`)
  if (bad === 0) return
  const first = rejects.slice(0, 20).map((reject) => `${whereOf(reject)}: ${reasonOf(reject)}`)
  terminal.warn(`${count(bad)} bad rows were skipped, the first of them:\n  ${first.join('\n  ')}`)
}
