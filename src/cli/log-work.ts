import { FraudError } from '../core/errors.ts'
import { throwIfInterrupted } from '../core/progress.ts'
import { inSlices } from '../core/time-slices.ts'
import type { Table } from '../data/table.ts'
import { formatCsv, writeCsv } from '../data/write-csv.ts'
import type { Place } from '../data/write-file.ts'
import { formatNdjson, writeNdjson } from '../data/write-ndjson.ts'
import { dataDirectory, lockDirectory } from '../stores/data-directory.ts'
import { changeLogKey } from '../stores/sqlite/change-log-key.ts'
import { refuseProblem } from '../stores/sqlite/refuse-problem.ts'
import { type Head, verifying } from '../stores/sqlite/verify-log.ts'
import { warnOfUnread } from '../training/logged-rows.ts'
import { type ForceRequest, replaceOutput } from '../training/replace-output.ts'
import { noteExport } from './audit-work.ts'
import { changeTables } from './changes-export.ts'
import { exportTables } from './log-export.ts'
import { type DataFlags, keepPrivate, keysBefore, logKey, openLog } from './log-files.ts'
import { checkSnapshots, describeStretch, type KeyChangeFlags, unsureOf } from './log-findings.ts'
import { checkOutputs } from './output-paths.ts'
import { printChunks } from './print-chunks.ts'
import type { Run } from './run.ts'
import { scoreTables } from './scores-export.ts'

export interface ExportFlags extends ForceRequest, DataFlags {
  readonly out?: string
  readonly format: 'csv' | 'ndjson'
  readonly personal?: boolean
  readonly changes?: boolean
  readonly scores?: boolean
  readonly json?: boolean
}

export interface RekeyFlags extends DataFlags, KeyChangeFlags {}

export interface VerifyFlags extends DataFlags, KeyChangeFlags {
  readonly head?: string
}

/** The newest record's number and hash, to keep elsewhere. */
export function printHead(flags: DataFlags, { terminal }: Run): void {
  const reader = openLog(flags)
  try {
    const sequence = reader.lastSequence()
    const hash = Buffer.from(reader.hashAt(sequence) ?? []).toString('hex')
    if (hash === '') throw new FraudError('DATA_INVALID', 'The log is empty')
    terminal.say(`${sequence}:${hash}`)
    terminal.result({ sequence, hash })
  } finally {
    reader.close()
  }
}

export async function verify(flags: VerifyFlags, run: Run): Promise<void> {
  const { terminal, signal } = run
  const key = logKey()
  const head = flags.head === undefined ? undefined : parseHead(flags.head)
  const reader = openLog(flags)
  try {
    const steps = verifying(reader, key, { head, otherKeys: keysBefore(), keyChanges: flags.keyChanges })
    const found = await inSlices(steps, () => throwIfInterrupted(signal))
    const { records, first, last, hash } = found
    const snapshots = found.problem === undefined ? checkSnapshots(flags, reader, key) : []
    const unsure = unsureOf(found, key, head, snapshots)
    terminal.result({ ...found, snapshots, unsure })
    if (found.stretches.length > 1) for (const stretch of found.stretches) terminal.say(describeStretch(stretch))
    refuseProblem(found)
    terminal.say(`${records.toLocaleString('en')} records, ${first} to ${last}, are unchanged since they were written`)
    terminal.say(`head  ${last}:${hash}`)
    warnOfUnread(found.unread, run)
    for (const { path, problem } of snapshots) {
      if (problem !== undefined) terminal.warn(`${path} is not used at a start: ${problem}`)
    }
    for (const text of unsure) terminal.say(`not ruled out: ${text}`)
  } finally {
    reader.close()
  }
}

/** Goes on with another key: SHRIKE_LOG_KEY, after SHRIKE_LOG_KEY_BEFORE or none. */
export function rekey(flags: RekeyFlags, { terminal }: Run): void {
  openLog(flags).close()
  keepPrivate()
  const directory = dataDirectory(flags.data)
  if (directory.database !== undefined) {
    const way = 'shrike migrate it into a directory, rekey that, and migrate it into an empty database'
    throw new FraudError(
      'OPTION_INVALID',
      `The key of a log in ${directory.database.place} is changed elsewhere: ${way}`,
    )
  }
  const lock = lockDirectory(directory)
  try {
    const changed = changeLogKey(directory.logPath, {
      key: logKey(),
      keysBefore: keysBefore(),
      keyChanges: flags.keyChanges,
    })
    terminal.say(
      `From record ${changed.sequence} on the log is written ${logKey() === undefined ? 'without a key' : 'with the new key'}`,
    )
    terminal.say(`verify and back it up with --key-changes ${changed.keyChanges.join(',')}, and keep the previous key`)
    terminal.result(changed)
  } finally {
    lock.release()
  }
}

function parseHead(text: string): Head {
  const found = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text)
  if (found === null) throw new FraudError('OPTION_INVALID', '--head is what `shrike log head` prints: SEQUENCE:HASH')
  return { sequence: Number(found[1]), hash: found[2] }
}

function* untilStopped(tables: Iterable<Table>, { signal }: Run): Generator<Table> {
  for (const table of tables) {
    throwIfInterrupted(signal)
    yield table
  }
}

/** Transactions of the log with what was decided and what they turned out to be, or changes of what is in force. */
export async function exportLog(flags: ExportFlags, run: Run): Promise<void> {
  const { out, format } = flags
  const { terminal } = run
  if (out === undefined && flags.json) {
    throw new FraudError('OPTION_INVALID', '--json needs --out: both would write to standard output')
  }
  if (flags.changes && flags.personal) {
    throw new FraudError('OPTION_INVALID', '--changes and --personal do not go together: changes hold tokens alone')
  }
  if (flags.scores && (flags.changes || flags.personal)) {
    throw new FraudError('OPTION_INVALID', '--scores does not go with --changes or --personal')
  }
  keepPrivate()
  const write = out === undefined ? undefined : writerFor(out)
  await checkOutputs({ '--out': out })
  noteExport(flags.data, 'export', out ?? null, run, { personal: flags.personal === true })
  const reader = openLog(flags)
  const counted = { rows: 0 }
  try {
    const all = flags.scores
      ? scoreTables(reader, counted)
      : flags.changes
        ? changeTables(reader, counted)
        : exportTables(reader, flags.personal === true, counted)
    const tables = untilStopped(all, run)
    if (out !== undefined && write !== undefined)
      await replaceOutput(out, flags, run, (place) => write(tables, out, place))
    else await printChunks(format === 'csv' ? formatCsv(tables) : formatNdjson(tables))
    warnOfUnread(reader.unread, run)
  } finally {
    reader.close()
  }
  if (out !== undefined)
    terminal.say(`${counted.rows.toLocaleString('en')} ${flags.changes ? 'changes' : 'transactions'}: ${out}`)
  terminal.result({ rows: counted.rows, out })
}

function writerFor(path: string): (tables: Iterable<Table>, path: string, place: Place) => Promise<void> {
  if (/\.csv(\.gz)?$/i.test(path)) return writeCsv
  if (/\.ndjson$/i.test(path)) return writeNdjson
  if (/\.parquet$/i.test(path)) {
    return async (tables, to, place) => (await import('../data/write-parquet.ts')).writeParquet(tables, to, place)
  }
  throw new FraudError('OPTION_INVALID', `--out ${path}: its name must end in .csv, .csv.gz, .ndjson or .parquet`)
}
