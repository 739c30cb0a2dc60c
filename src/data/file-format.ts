import { readdirSync, statSync } from 'node:fs'

export type FileFormat = 'csv' | 'ndjson' | 'json' | 'parquet' | 'xlsx'

const formats: Readonly<Record<string, FileFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
  parquet: 'parquet',
  xlsx: 'xlsx',
}
const packable: ReadonlySet<FileFormat> = new Set(['csv', 'ndjson', 'json'])

export const endings = '.csv, .tsv, .ndjson, .jsonl or .json (each with .gz, too), .parquet or .xlsx'

/** What a file is by the ending of its name; undefined where that says nothing. */
export function formatOf(path: string): FileFormat | undefined {
  const [, ending = '', packed] = /\.([a-z]+)(\.gz)?$/i.exec(path) ?? []
  const format = Object.hasOwn(formats, ending.toLowerCase()) ? formats[ending.toLowerCase()] : undefined
  return format !== undefined && packed !== undefined && !packable.has(format) ? undefined : format
}

export function isPacked(path: string): boolean {
  return /\.gz$/i.test(path)
}

/** The same of a file or of the parts of a folder. */
export function formatOfInput(path: string): FileFormat | undefined {
  if (!isFolder(path)) return formatOf(path)
  const names = namesIn(path)
  return names
    .filter((name) => !isAside(name))
    .map(formatOf)
    .find((format) => format !== undefined)
}

/** Undefined for a folder that can't be read: its reader says why. */
function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
  } catch {
    return []
  }
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Whether a path within a folder is not data: Spark and Hive mark what is beside it with `_` or a dot (`_SUCCESS`). */
export function isAside(path: string): boolean {
  return path.split(/[/\\]/).some((name) => /^[_.]/.test(name))
}

/** What a file's rows are called: those of text have lines, those of a JSON array are its items. */
export type RowWord = 'line' | 'item' | 'row'

export function rowWordOf(path: string): RowWord {
  const format = formatOfInput(path)
  if (format === 'json') return 'item'
  return format === 'parquet' || format === 'xlsx' ? 'row' : 'line'
}
