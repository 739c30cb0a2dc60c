import { totalmem } from 'node:os'
import { addAbortSignal, type Readable } from 'node:stream'
import { FraudError } from '../core/errors.ts'
import type { FieldNames } from '../detector/field-names.ts'
import { BadRowLog, type BadRows } from './bad-rows.ts'
import {
  type ByteSource,
  checkFile,
  isReadOnce,
  openFile,
  openGzip,
  openPipe,
  openStream,
  unreadable,
} from './byte-source.ts'
import type { FormatEvidence, Spelling } from './cell-format.ts'
import type { ColumnKind } from './column-kind.ts'
import { type CsvOptions, CsvParser } from './csv.ts'
import { firstBytes, whyOther } from './file-content.ts'
import { endings, type FileFormat, formatOf, formatOfInput, isFolder, isPacked, rowWordOf } from './file-format.ts'
import type { Folder } from './folder.ts'
import type { JsonArrayParser } from './json-array.ts'
import type { JsonOptions } from './json-rows.ts'
import { lookFurther, OpenColumns } from './look-further.ts'
import { MissingWords } from './missing-words.ts'
import type { NdjsonParser } from './ndjson.ts'
import type { ParquetOptions } from './parquet.ts'
import type { Table } from './table.ts'
import { type Encoding, toUtf8 } from './text-encoding.ts'

export type { BadRows } from './bad-rows.ts'

export interface ReadProgress {
  /** The bytes of the stored file, compressed or not. */
  readonly bytesRead: number
  /** Unknown for standard input. */
  readonly bytesTotal: number | undefined
  readonly rows: number
}

export interface ReadOptions {
  /** Kinds that columns have whatever their cells look like; the others' are inferred. */
  readonly columns?: Readonly<Record<string, ColumnKind>>
  /** The kind of a CSV file's other columns, where it is not to be inferred. */
  readonly others?: ColumnKind | undefined
  /** Columns without which the file is refused; those of `columns` by default. */
  readonly required?: readonly string[]
  /** The names that a detector declares: a row of NDJSON with a misspelling of one that it lacks can't be used. */
  readonly names?: FieldNames
  /** What to do with a row that can't be used: fail (the default), or leave it out and count it. */
  readonly badRows?: 'fail' | 'skip'
  /** Whether all bad rows are told of, not only the first, since somebody writes them. */
  readonly keepsBadRows?: boolean
  /** How a CSV file's numbers and dates are written, and its encoding, where its first rows are not to say so. */
  readonly spelling?: Spelling
  readonly encoding?: Encoding
  /** The words that stand for a missing value in place of the usual ones; only in JSON the usual ones are texts. */
  readonly missing?: readonly string[] | undefined
  readonly onProgress?: (progress: ReadProgress) => void
  readonly signal?: AbortSignal
  /** How much of a stream is read into one table: half of this machine's memory by default. */
  readonly mostStreamedBytes?: number
  /** The stream that replaces the process's standard input, for the path `-`. */
  readonly stdin?: Readable
}

export interface ReadResult {
  readonly table: Table
  readonly badRows: BadRows
  /** How the file is written where that is not the plain way, for people. */
  readonly notes: readonly string[]
}

/**
 * Reads a file of transactions by the ending of its name (file-format.ts), or a folder of such files; `-` is CSV from
 * standard input. FILE_UNREADABLE where there is no such file or no such ending, DATA_INVALID for the first bad cell,
 * INTERRUPTED where the signal aborts.
 */
export async function readTable(path: string, options: ReadOptions = {}): Promise<ReadResult> {
  const { tables, badRows, notes } = openTables(path, { ...options, rowsPerTable: Number.POSITIVE_INFINITY })
  let table: Table = { rowCount: 0, columns: [] }
  // There is only one.
  for await (const whole of tables) table = whole
  return { table, badRows: badRows(), notes: notes() }
}

/** A file that is read piece by piece, so that it need not fit into memory. */
export interface OpenTables {
  /** The rows in order, in tables of the same columns. */
  readonly tables: AsyncIterable<Table>
  /** The rows left out so far. */
  badRows(): BadRows
  /** How the file is written where that is not the plain way; whole once its last table has come. */
  notes(): readonly string[]
}

/** As `readTable`, but the rows come in tables of `rowsPerTable` rows and a few more. */
export function openTables(path: string, options: ReadOptions & { readonly rowsPerTable: number }): OpenTables {
  const file = path === '-' ? 'standard input' : path
  const isJson = /json$/.test(formatOfInput(path) ?? '')
  const begin = () => ({
    file,
    badRows: new BadRowLog(file, options.badRows ?? 'fail', {
      rowWord: rowWordOf(path),
      keepsAll: options.keepsBadRows ?? false,
    }),
    missing: new MissingWords(options.missing, isJson ? 'json' : 'table'),
  })
  const notes: string[] = []
  let log = begin()
  // A file that is read a second time tells of its rows once.
  const restart = () => {
    log = begin()
    return log
  }
  const tables = readTables(path, restart, notes, options)
  return { tables, badRows: () => log.badRows.report(), notes: () => [...notes, ...log.missing.notes] }
}

async function* readTables(
  path: string,
  begin: () => Pick<CsvOptions, 'file' | 'badRows' | 'missing'>,
  notes: string[],
  options: ReadOptions & { readonly rowsPerTable: number },
): AsyncGenerator<Table, void> {
  const { columns = {}, others, required = Object.keys(columns), names, spelling = {}, signal } = options
  checkNotAborted(signal)
  const folder = isFolder(path) ? (await import('./folder.ts')).readFolder(path) : undefined
  const format = folder?.format ?? formatOf(path) ?? (isReadOnce(path) ? 'csv' : undefined)
  const { PartLines } = folder === undefined ? {} : await import('./part-lines.ts')
  const parsingOf = (look: Pick<CsvOptions, 'canLookFurther' | 'isWhole' | 'evidence'> = {}) => {
    const parts = PartLines && new PartLines(path, rowWordOf(path))
    return { ...begin(), columns, others, required, names, spelling, parts, ...look }
  }
  if (folder !== undefined) notes.push(...folder.notes)
  if (format === 'parquet') {
    yield* readParquetFile(path, folder, parsingOf(), notes, options)
  } else if (format === 'xlsx') {
    yield* readWorkbookFile(path, parsingOf(), notes, options)
  } else if (format !== undefined) {
    const canLookFurther = !isReadOnce(path)
    const isWhole = options.rowsPerTable === Number.POSITIVE_INFINITY
    const evidence = new Map<string, FormatEvidence>()
    for (let isRead = false; !isRead; ) {
      try {
        yield* readText(path, format, folder, parsingOf({ canLookFurther, isWhole, evidence }), notes, options)
        isRead = true
      } catch (error) {
        if (!(error instanceof OpenColumns)) throw error
        for (const [name, found] of await lookFurther(asTexts(path, options), error.kinds)) evidence.set(name, found)
      }
    }
  } else {
    // A missing file is the likelier mistake, and the first to report.
    await checkFile(path)
    throw unreadable(path, `its name must end in ${endings}, or be a pipe or - for CSV`)
  }
}

/** A file's cells as they stand there. */
function asTexts(path: string, { encoding, signal }: ReadOptions): AsyncIterable<Table> {
  const options = { ...(encoding && { encoding }), ...(signal && { signal }), badRows: 'skip' } as const
  return openTables(path, { ...options, others: 'text', rowsPerTable: 10_000 }).tables
}

type Parsing = CsvOptions & JsonOptions
type Reading = ReadOptions & { readonly rowsPerTable: number }

/** The bytes of a text file, unpacked. */
export function openBytes(
  path: string,
  { stdin = process.stdin, signal }: Pick<ReadOptions, 'stdin' | 'signal'>,
  pieceBytes?: number,
): ByteSource | Promise<ByteSource> {
  // A stream may stay silent for ever: only the signal itself ends the wait.
  if (path === '-') return openStream(signal === undefined ? stdin : addAbortSignal(signal, stdin))
  if (isPacked(path)) return openGzip(path, signal)
  return isReadOnce(path) ? openPipe(path, signal) : openFile(path, pieceBytes)
}

/** A text file or the parts of a folder, one after another. */
async function* readText(
  path: string,
  format: 'csv' | 'ndjson' | 'json',
  folder: Folder | undefined,
  parsing: Parsing,
  notes: string[],
  options: Reading,
): AsyncGenerator<Table, void> {
  const { parts, badRows, file } = parsing
  if (parts !== undefined) badRows.tellLine = parts.tellLine
  const csv = format === 'csv' ? new CsvParser(parsing) : undefined
  const parser = csv ?? (await jsonParser(format === 'json', parsing))
  const open = (part: string) => openText(part, format, options)
  const onPart = (part: string, isFirst: boolean) => parts?.add(part, isFirst ? 1 : parser.nextPart())
  const text = folder === undefined ? await open(path) : joinParts(folder, open, onPart)
  const told = parts && { tellLine: parts.tellLine }
  let isFirst = true
  for await (const table of readBytes(text, parser, file, options)) {
    const encoding = text.encoding()
    if (isFirst && csv !== undefined) notes.push(...(encoding === 'utf-8' ? [] : [`text in ${encoding}`]), ...csv.notes)
    isFirst = false
    yield { ...told, ...table }
  }
  if (csv === undefined) notes.push(...parser.notes)
}

/** Loaded only where it is needed. */
async function jsonParser(isArray: boolean, parsing: Parsing): Promise<JsonArrayParser | NdjsonParser> {
  if (isArray) return new (await import('./json-array.ts')).JsonArrayParser(parsing)
  return new (await import('./ndjson.ts')).NdjsonParser(parsing)
}

/** A larger piece takes less time in between, where nobody waits for a table of its first rows. */
const wholeCsvPieceBytes = 2 ** 20

interface TextSource extends ByteSource {
  /** Known once the first piece has come. */
  encoding(): Encoding
}

/** The bytes of a text file as UTF-8, refused where the first of them are those of another format. */
async function openText(path: string, format: FileFormat, options: Reading): Promise<TextSource> {
  const isWhole = options.rowsPerTable === Number.POSITIVE_INFINITY
  const source = await openBytes(path, options, format === 'csv' && isWhole ? wholeCsvPieceBytes : undefined)
  const file = path === '-' ? 'standard input' : path
  const chunks = checkFirst(source.chunks, file, format)
  if (format !== 'csv') return { ...source, chunks, encoding: () => 'utf-8' }
  return { ...source, ...toUtf8(chunks, options.encoding, file) }
}

async function* checkFirst(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  format: FileFormat,
): AsyncGenerator<Uint8Array> {
  let isFirst = true
  for await (const chunk of chunks) {
    const why = isFirst ? whyOther(format, chunk) : undefined
    if (why !== undefined) throw unreadable(file, `it ${why}`)
    isFirst = false
    yield chunk
  }
}

/** The parts of a folder as one stream; `onPart` hears of each before its first bytes come. */
function joinParts(
  { parts, bytesTotal }: Folder,
  open: (part: string) => Promise<TextSource>,
  onPart: (part: string, isFirst: boolean) => void,
): TextSource {
  let before = 0
  let current: TextSource | undefined
  async function* chunks() {
    for (const [i, part] of parts.entries()) {
      before += current?.bytesRead() ?? 0
      current = await open(part)
      onPart(part, i === 0)
      yield* current.chunks
    }
  }
  return {
    chunks: chunks(),
    bytesTotal,
    bytesRead: () => before + (current?.bytesRead() ?? 0),
    encoding: () => current?.encoding() ?? 'utf-8',
  }
}

async function* readBytes(
  source: ByteSource,
  parser: CsvParser | NdjsonParser | JsonArrayParser,
  file: string,
  {
    onProgress,
    signal,
    rowsPerTable,
    mostStreamedBytes = totalmem() / 2,
  }: ReadOptions & { readonly rowsPerTable: number },
): AsyncGenerator<Table, void> {
  const { bytesTotal } = source
  const isWhole = rowsPerTable === Number.POSITIVE_INFINITY
  let rows = 0
  try {
    for await (const chunk of source.chunks) {
      checkNotAborted(signal)
      const bytesRead = source.bytesRead()
      parser.write(chunk, bytesTotal && isWhole ? bytesRead / bytesTotal : undefined)
      onProgress?.({ bytesRead, bytesTotal, rows: rows + parser.rowCount })
      if (isWhole && bytesTotal === undefined && bytesRead > mostStreamedBytes) {
        throw new FraudError(
          'DATA_INVALID',
          `${file}: over ${bytesRead} bytes were read, more than memory holds; write a file`,
        )
      }
      if (parser.rowCount < rowsPerTable) continue
      rows += parser.rowCount
      yield parser.take()
    }
  } catch (error) {
    checkNotAborted(signal)
    throw error
  }
  checkNotAborted(signal)
  yield parser.end()
}

async function* readWorkbookFile(
  path: string,
  parsing: Parsing,
  notes: string[],
  { onProgress, signal, rowsPerTable }: Reading,
): AsyncGenerator<Table, void> {
  if (isReadOnce(path)) throw unreadable(path, 'a workbook is read from its end, which a pipe or device does not have')
  const bytesTotal = await checkFile(path)
  const why = whyOther('xlsx', await firstBytes(path))
  if (why !== undefined) throw unreadable(path, `it ${why}`)
  const { readWorkbook } = await import('./workbook.ts')
  const onRow = (rows: number) => {
    checkNotAborted(signal)
    // How many there are is not known before.
    if (rows % 1000 === 0) onProgress?.({ bytesRead: 0, bytesTotal, rows })
  }
  yield* readWorkbook({ path, ...parsing, rowsPerTable, onRow, onNote: (note) => notes.push(note) })
}

async function* readParquetFile(
  path: string,
  folder: Folder | undefined,
  parsing: Pick<ParquetOptions, 'columns' | 'required' | 'badRows' | 'missing' | 'spelling' | 'parts'>,
  notes: string[],
  { onProgress, signal, rowsPerTable }: Reading,
): AsyncGenerator<Table, void> {
  if (isReadOnce(path)) throw unreadable(path, 'Parquet is read from its end, which a pipe or device does not have')
  const files = folder?.parts ?? [path]
  const bytesTotal = folder?.bytesTotal ?? (await checkFile(path))
  for (const file of files) {
    const why = whyOther('parquet', await firstBytes(file))
    if (why !== undefined) throw unreadable(file, `it ${why}`)
  }
  const { readParquet } = await import('./parquet.ts')
  const onRows = (rows: number, rowsTotal: number) => {
    checkNotAborted(signal)
    onProgress?.({ bytesRead: Math.round((bytesTotal * rows) / Math.max(1, rowsTotal)), bytesTotal, rows })
  }
  const onLeftOut = (columns: readonly string[]) => {
    if (columns.length > 0) notes.push(`columns left out whose types can't be read: ${columns.join(', ')}`)
  }
  yield* readParquet({ path, files, ...parsing, onRows, onLeftOut, rowsPerTable })
}

function checkNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new FraudError('INTERRUPTED', 'Reading was stopped', { cause: signal.reason })
}
