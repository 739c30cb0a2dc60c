import { addAbortSignal, type Readable } from 'node:stream'
import { FraudError } from '../core/errors.ts'
import { BadRowLog, type BadRows } from './bad-rows.ts'
import { type ByteSource, checkFile, openFile, openGzip, openStream, unreadable } from './byte-source.ts'
import type { ColumnKind } from './column-kind.ts'
import { CsvParser } from './csv.ts'
import { NdjsonParser } from './ndjson.ts'
import type { Table } from './table.ts'

export type { BadRows } from './bad-rows.ts'

export interface ReadProgress {
  /** Of the file as it is stored, compressed or not. */
  readonly bytesRead: number
  /** Unknown for standard input. */
  readonly bytesTotal: number | undefined
  readonly rows: number
}

export interface ReadOptions {
  /** Kinds that columns have whatever their cells look like; the others' are inferred. */
  readonly columns?: Readonly<Record<string, ColumnKind>>
  /** What to do with a row that can't be used: fail (the default), or leave it out and count it. */
  readonly badRows?: 'fail' | 'skip'
  readonly onProgress?: (progress: ReadProgress) => void
  readonly signal?: AbortSignal
  /** In place of the process's standard input, for the path `-`. */
  readonly stdin?: Readable
}

export interface ReadResult {
  readonly table: Table
  readonly badRows: BadRows
}

const endings = '.csv, .csv.gz, .parquet or .ndjson, or be - for CSV from standard input'

/**
 * Reads a file of transactions, by its ending `.csv`, `.csv.gz`, `.parquet` or `.ndjson`; `-` is CSV from standard input.
 * FILE_UNREADABLE where there is no such file or no such ending, DATA_INVALID for the first bad cell, INTERRUPTED where
 * the signal aborts.
 */
export async function readTable(path: string, options: ReadOptions = {}): Promise<ReadResult> {
  const file = path === '-' ? 'standard input' : path
  const { columns = {}, badRows: policy = 'fail', signal } = options
  const name = path.toLowerCase()
  const badRows = new BadRowLog(file, policy, name.endsWith('.parquet') ? 'row' : 'line')
  checkNotAborted(signal)
  let table: Table
  if (name === '-' || name.endsWith('.csv') || name.endsWith('.csv.gz')) {
    table = await readBytes(await openCsv(path, options), new CsvParser({ file, columns, badRows }), options)
  } else if (name.endsWith('.ndjson')) {
    table = await readBytes(await openFile(path), new NdjsonParser({ file, columns, badRows }), options)
  } else if (name.endsWith('.parquet')) {
    table = await readParquetFile(path, columns, badRows, options)
  } else {
    // A missing file or a directory is the likelier mistake, and the first to report.
    await checkFile(path)
    throw unreadable(path, `its name must end in ${endings}`)
  }
  return { table, badRows: badRows.report() }
}

function openCsv(path: string, { stdin = process.stdin, signal }: ReadOptions): ByteSource | Promise<ByteSource> {
  // A stream may stay silent for ever: only the signal itself ends the wait.
  if (path === '-') return openStream(signal === undefined ? stdin : addAbortSignal(signal, stdin))
  return path.toLowerCase().endsWith('.gz') ? openGzip(path) : openFile(path)
}

async function readBytes(
  source: ByteSource,
  parser: CsvParser | NdjsonParser,
  { onProgress, signal }: ReadOptions,
): Promise<Table> {
  const { bytesTotal } = source
  try {
    for await (const chunk of source.chunks) {
      checkNotAborted(signal)
      const bytesRead = source.bytesRead()
      parser.write(chunk, bytesTotal ? bytesRead / bytesTotal : undefined)
      onProgress?.({ bytesRead, bytesTotal, rows: parser.rowCount })
    }
  } catch (error) {
    checkNotAborted(signal)
    throw error
  }
  checkNotAborted(signal)
  return parser.end()
}

async function readParquetFile(
  path: string,
  columns: Readonly<Record<string, ColumnKind>>,
  badRows: BadRowLog,
  { onProgress, signal }: ReadOptions,
): Promise<Table> {
  const bytesTotal = await checkFile(path)
  const { readParquet } = await import('./parquet.ts')
  const onRows = (rows: number, rowsTotal: number) => {
    checkNotAborted(signal)
    onProgress?.({ bytesRead: Math.round((bytesTotal * rows) / Math.max(1, rowsTotal)), bytesTotal, rows })
  }
  return readParquet({ path, columns, badRows, onRows })
}

function checkNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new FraudError('INTERRUPTED', 'Reading was stopped', { cause: signal.reason })
}
