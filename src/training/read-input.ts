import { basename } from 'node:path'
import { option, optionInvalid } from '../core/option.ts'
import type { Progress } from '../core/progress.ts'
import type { TimeFormat } from '../core/time-formats.ts'
import { type BadRows, tellBadRows } from '../data/bad-rows.ts'
import { rowWordOf } from '../data/file-format.ts'
import { type ReadOptions, readTable } from '../data/read-table.ts'
import type { Encoding } from '../data/text-encoding.ts'
import type { FileReading, TransactionReader } from '../data/transaction-reader.ts'
import type { DecimalMark } from '../data/written-number.ts'
import type { DateOrder } from '../data/written-time.ts'
import { cardNumberHash } from '../detector/card-number-hash.ts'
import { toldBy } from './told.ts'

/** What a file's reader is told of it. */
export interface ReadingRequest {
  readonly badRows?: 'fail' | 'skip'
  readonly text?: readonly string[]
  readonly decimal?: DecimalMark
  readonly dates?: DateOrder
  readonly encoding?: Encoding
  readonly missing?: readonly string[]
  /** Where the rows that are left out are written. */
  readonly rejects?: string
}

export interface InputRequest extends ReadingRequest {
  /** A file of earlier rows, which feed histories and are no part of the work. */
  readonly history?: string
  readonly detector?: string
  readonly label?: string
  readonly time?: string
  readonly timeFormat?: TimeFormat
  readonly ignore?: readonly string[]
  readonly weightColumn?: string
  /** The key that alerts are grouped by. */
  readonly by?: string
  /** Of a log: whether features that only its policy looks at are inputs, too. */
  readonly policyFeatures?: boolean
  /** Whether rows without a label stay in, for what learns without looking at one; and a table may lack the column. */
  readonly keepsUnlabelled?: boolean
}

/** Reads a file of transactions, showing how far it got. */
export async function readFileTable(path: string, request: InputRequest, run: Progress, options: ReadOptions = {}) {
  const progress = run.begin(`read ${nameOf(path)}`)
  const read = await readTable(path, {
    ...readOptions(request, run),
    ...options,
    onProgress: ({ bytesRead, bytesTotal }) => bytesTotal !== undefined && progress.update(bytesRead, bytesTotal),
  })
  const { rowCount, columns } = read.table
  progress.end(`${rowCount.toLocaleString('en')} rows, ${columns.length} columns`)
  tellNotes(read.notes, path, run)
  warnOfBadRows(read.badRows, path, run)
  return read
}

/** What is said, among other things, of how a file is to be read. */
export function readingOf({
  badRows,
  text,
  decimal,
  dates,
  encoding,
  missing,
  rejects,
}: ReadingRequest): ReadingRequest {
  return {
    ...(badRows && { badRows }),
    ...(text && { text }),
    ...(decimal && { decimal }),
    ...(dates && { dates }),
    ...(encoding && { encoding }),
    ...(missing && { missing }),
    ...(rejects !== undefined && { rejects }),
  }
}

/** How a file is to be read. */
export function readOptions(request: InputRequest, { signal }: Progress): ReadOptions {
  const { badRows = 'fail', text = [], decimal, dates, encoding, missing, rejects } = request
  const columns = Object.fromEntries(text.map((name) => [name, 'text' as const]))
  const keepsBadRows = rejects !== undefined
  return {
    badRows,
    keepsBadRows,
    columns,
    spelling: { decimal, dates },
    ...(encoding && { encoding }),
    missing,
    signal,
  }
}

/** What says how a file is read, or what came before it, says nothing of a log, and somebody would believe that it did. */
export function refuseReading(request: InputRequest): void {
  const { text, decimal, dates, encoding, missing, rejects, badRows, history } = request
  const reason = `is only for files, and ${option('fromLog')} reads the log: leave it out`
  if (badRows === 'skip') throw optionInvalid('badRows', `skip ${reason}`)
  const given = { text, rejects, decimal, dates, missing, encoding, history }
  for (const name of ['text', 'rejects', 'decimal', 'dates', 'missing', 'encoding', 'history'] as const) {
    if (given[name] !== undefined) throw optionInvalid(name, reason)
  }
}

/** Says how the file is written, where somebody might have expected another reading; once in a command. */
export function tellNotes(notes: readonly string[], file: string, run: Progress): void {
  const text = `read with ${notes.join('; ')}`
  if (notes.length > 0 && toldBy(run).isNew(`${file} ${text}`)) run.note(`  ${text}`)
}

/** Says which rows were left out, each once in a command. */
export function warnOfBadRows(badRows: BadRows, file: string, run: Progress): void {
  const rest = toldBy(run).rest(file, badRows)
  if (rest.count > 0) run.warn(tellBadRows(rest, rowWordOf(file)))
}

/** Keys of whole numbers that a program has written as fractions are other keys than a service is sent. */
export function warnOfSpoiltKeys(reader: TransactionReader, run: Progress): void {
  for (const warning of reader.spoiltKeys()) if (toldBy(run).isNew(warning)) run.warn(warning)
}

/** What transactions of a file are read with: the clock, and the key that the service hashes card numbers by. */
export function fileReading(path: string, { badRows, missing, rejects }: InputRequest): FileReading {
  const key = process.env.SHRIKE_CARD_KEY
  return {
    file: path === '-' ? 'standard input' : path,
    nowMs: Date.now(),
    badRows,
    keepsBadRows: rejects !== undefined,
    missing,
    ...(key !== undefined && key !== '' && { hashCardNumber: cardNumberHash(key) }),
  }
}

export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : basename(path)
}

/** A time as the file's reader would write it. */
export function formatTime(time: number, iso: boolean): string {
  return iso ? new Date(time).toISOString().replace('.000Z', 'Z') : time.toLocaleString('en')
}
