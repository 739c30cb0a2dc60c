import { FraudError } from '../core/errors.ts'
import type { Table } from '../data/table.ts'
import { formatCsv, writeCsv } from '../data/write-csv.ts'
import { checkWritable } from '../data/write-file.ts'
import { formatNdjson, writeNdjson } from '../data/write-ndjson.ts'
import { type Head, verifyLog } from '../stores/sqlite/verify-log.ts'
import { exportTables } from './log-export.ts'
import { type DataFlags, openLog } from './log-files.ts'
import { printChunks } from './print-chunks.ts'
import type { Run } from './run.ts'

export interface ExportFlags extends DataFlags {
  readonly out?: string
  readonly format: 'csv' | 'ndjson'
  readonly personal?: boolean
  readonly json?: boolean
}

export interface VerifyFlags extends DataFlags {
  readonly head?: string
}

/** The newest record's number and hash, to be kept elsewhere. */
export function printHead(flags: DataFlags, { terminal }: Run): void {
  const reader = openLog(flags)
  try {
    const sequence = reader.lastSequence()
    const hash = Buffer.from(reader.hashAt(sequence) ?? []).toString('hex')
    if (hash === '') throw new FraudError('LOG_INVALID', 'The log is empty')
    terminal.say(`${sequence}:${hash}`)
    terminal.result({ sequence, hash })
  } finally {
    reader.close()
  }
}

export function verify(flags: VerifyFlags, { terminal }: Run): void {
  const key = process.env.SHRIKE_LOG_KEY
  const head = flags.head === undefined ? undefined : parseHead(flags.head)
  const reader = openLog(flags)
  try {
    const found = verifyLog(reader, key, head)
    const { records, first, last, hash, problem } = found
    const unsure = unsureOf(key, head, found.isHeadPruned)
    terminal.result({ ...found, unsure })
    if (problem !== undefined) {
      throw new FraudError(
        'LOG_INVALID',
        `Record ${problem.sequence} ${problem.reason}; ${records.toLocaleString('en')} records before it are sound`,
      )
    }
    terminal.say(`${records.toLocaleString('en')} records, ${first} to ${last}, are as they were written`)
    terminal.say(`head  ${last}:${hash}`)
    for (const text of unsure) terminal.say(`not ruled out: ${text}`)
  } finally {
    reader.close()
  }
}

function unsureOf(key: string | undefined, head: Head | undefined, isHeadPruned: boolean): readonly string[] {
  const unsure: string[] = []
  if (isHeadPruned) unsure.push('that the head is of another log: its record is no longer kept')
  if (key === undefined && head === undefined) {
    unsure.push('that somebody wrote the whole log anew, with hashes that fit (set SHRIKE_LOG_KEY, or give --head)')
  } else if (key === undefined) unsure.push('that records after the head were written anew (set SHRIKE_LOG_KEY)')
  if (head === undefined) unsure.push('that records at the end were cut off (give --head, as log head printed it)')
  else unsure.push('that records after the head were cut off')
  return unsure
}

function parseHead(text: string): Head {
  const found = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text)
  if (found === null) throw new FraudError('OPTION_INVALID', '--head is what `shrike log head` prints: SEQUENCE:HASH')
  return { sequence: Number(found[1]), hash: found[2] }
}

/** Transactions of the log with what was decided and what they turned out to be. */
export async function exportLog(flags: ExportFlags, { terminal }: Run): Promise<void> {
  const { out, format } = flags
  if (out === undefined && flags.json) {
    throw new FraudError('OPTION_INVALID', '--json needs --out: both would write to standard output')
  }
  const write = out === undefined ? undefined : writerFor(out)
  if (out !== undefined) await checkWritable(out)
  const reader = openLog(flags)
  const counted = { rows: 0 }
  try {
    const tables = exportTables(reader, flags.personal === true, counted)
    if (out !== undefined && write !== undefined) await write(tables, out)
    else await printChunks(format === 'csv' ? formatCsv(tables) : formatNdjson(tables))
  } finally {
    reader.close()
  }
  if (out !== undefined) terminal.say(`${counted.rows.toLocaleString('en')} transactions: ${out}`)
  terminal.result({ rows: counted.rows, out })
}

function writerFor(path: string): (tables: Iterable<Table>, path: string) => Promise<void> {
  if (/\.csv(\.gz)?$/i.test(path)) return writeCsv
  if (/\.ndjson$/i.test(path)) return writeNdjson
  if (/\.parquet$/i.test(path)) {
    return async (tables, to) => (await import('../data/parquet.ts')).writeParquet(tables, to)
  }
  throw new FraudError('OPTION_INVALID', `--out ${path}: its name must end in .csv, .csv.gz, .ndjson or .parquet`)
}
