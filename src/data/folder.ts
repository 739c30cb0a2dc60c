import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { FraudError } from '../core/errors.ts'
import { unreadable } from './byte-source.ts'
import { endings, type FileFormat, formatOf, isAside, isPacked } from './file-format.ts'

/** A table in many files, as Spark, Hive and others write it. */
export interface Folder {
  readonly format: FileFormat
  /** The files in the order of their names, where numbers count by size; empty files are left out. */
  readonly parts: readonly string[]
  readonly bytesTotal: number
  readonly notes: readonly string[]
}

/** What marks a folder whose files are not its table as they are. */
const managed: readonly (readonly [string, string])[] = [
  ['_delta_log', 'is a Delta Lake table, whose log says which of its files still count: write it out as Parquet files'],
  ['.hoodie', 'is a Hudi table, whose log says which of its files still count: write it out as Parquet files'],
  [
    'metadata/version-hint.text',
    'is an Iceberg table, whose metadata says which of its files still count: write it out as Parquet files',
  ],
  ['_temporary', 'holds _temporary: a job is still writing it, or did not end'],
]

const byName = new Intl.Collator('en', { numeric: true })

/**
 * The parts of a folder, which have to be of one format; what begins with `_` or a dot is none.
 *
 * @throws FraudError FILE_UNREADABLE where it may not be one table, or can't be read.
 */
export function readFolder(path: string): Folder {
  try {
    return listParts(path)
  } catch (cause) {
    if (cause instanceof FraudError) throw cause
    throw unreadable(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function listParts(path: string): Folder {
  const reason = managed.find(([mark]) => existsSync(join(path, mark)))?.[1]
  if (reason !== undefined) throw unreadable(path, `it ${reason}`)
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  const files = entries
    .map((entry) => ({ name: relative(path, join(entry.parentPath, entry.name)), entry }))
    .filter(({ name }) => !isAside(name))
  const folders = files.filter(({ entry }) => entry.isDirectory()).map(({ name }) => name)
  const odd = folders.find((name) => !/^[^=/\\]+=[^/\\]*$/.test(name.split(/[/\\]/).at(-1) ?? ''))
  if (odd !== undefined)
    throw unreadable(
      path,
      `it holds the folder ${odd}, which may be another table; name a folder that only holds parts`,
    )
  const names = files
    .filter(({ entry }) => !entry.isDirectory())
    .map(({ name }) => name)
    // Names such as part-1 and part-01 compare as equal, and a disk lists them in any order.
    .sort((one, other) => byName.compare(one, other) || (one < other ? -1 : 1))
  const [first] = names
  if (first === undefined)
    throw unreadable(path, 'it is a folder without files; names that begin with _ or a dot are ignored')
  const format = formatOf(first)
  if (format === 'xlsx') throw unreadable(path, 'it is a folder of workbooks; name one of them')
  if (format === undefined) {
    throw unreadable(path, `it is a folder, and ${first} in it does not end in ${endings}; name one file`)
  }
  const other = names.find((name) => formatOf(name) !== format || isPacked(name) !== isPacked(first))
  if (other !== undefined) {
    throw unreadable(path, `it is a folder with files of more than one kind, ${first} and ${other}; name one file`)
  }
  const sized = names.map((name) => ({ part: join(path, name), size: statSync(join(path, name)).size }))
  const filled = sized.filter(({ size }) => size > 0)
  const keys = [...new Set(folders.flatMap((name) => name.split(/[/\\]/).map((each) => each.split('=')[0])))]
  const [key] = keys
  const hive = `folders named ${keys.join('=…, ')}=… are read without the columns in those names: add ${key} to the rows if it is needed`
  return {
    format,
    parts: (filled.length > 0 ? filled : sized.slice(0, 1)).map(({ part }) => part),
    bytesTotal: sized.reduce((sum, { size }) => sum + size, 0),
    notes: [`${filled.length} files`, ...(keys.length === 0 ? [] : [hive])],
  }
}
