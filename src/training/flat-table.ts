import type { Progress } from '../core/progress.ts'
import type { ReadResult } from '../data/read-table.ts'
import type { Table } from '../data/table.ts'
import type { Detector } from '../detector/detector.ts'
import { namesOfFile } from '../detector/field-names.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import { type InputRequest, readFileTable, readOptions } from './read-input.ts'
import { RepeatedIds } from './repeated-ids.ts'

export interface FlatTable extends ReadResult {
  readonly repeats: RepeatedIds
  /** Rows that repeat the id and content of an earlier one. */
  readonly repeatedRows: ReadonlySet<number>
}

/**
 * Reads a file whose columns are a model's inputs, and finds repeated ids. Ids that are read as numbers, which is faster,
 * are read once more as texts where two are equal: 007 and 7 are two.
 */
export async function readFlatTable(
  path: string,
  detector: Detector,
  features: FeatureSet,
  request: InputRequest,
  run: Progress,
  { isIdText = path === '-' }: { readonly isIdText?: boolean } = {},
): Promise<FlatTable> {
  const { id } = detector.transaction
  const names = namesOfFile(detector, features.layout)
  const canBeText = id !== undefined && features.columns?.includes(id) !== true
  if (!canBeText || !isIdText) {
    const found = withRepeats(await readFileTable(path, request, run, { names }), detector, features)
    const isText = found.table.columns.some(({ name, kind }) => name === id && kind === 'text')
    if (!canBeText || isText || found.repeats.same + found.repeats.other === 0) return found
  }
  const { columns = {} } = readOptions(request, run)
  const options = { names, columns: { ...columns, [id]: 'text' as const }, required: Object.keys(columns) }
  return withRepeats(await readFileTable(path, request, run, options), detector, features)
}

/** A table and which of its rows have the id of an earlier one. */
export function withRepeats(read: ReadResult, detector: Detector, { layout }: FeatureSet): FlatTable {
  const { table }: { readonly table: Table } = read
  const repeats = new RepeatedIds(detector, layout)
  const repeatedRows = new Set<number>()
  repeats.open(table, { isWhole: true })
  for (let row = 0; row < table.rowCount; row++) if (repeats.check(row)?.sameAs !== undefined) repeatedRows.add(row)
  return { ...read, repeats, repeatedRows }
}
