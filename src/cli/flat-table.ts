import type { Detector } from '../core/detector.ts'
import type { ColumnKind } from '../data/column-kind.ts'
import type { ReadResult } from '../data/read-table.ts'
import type { Table } from '../data/table.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import { type InputFlags, readFileTable, readOptions } from './read-input.ts'
import { RepeatedIds } from './repeated-ids.ts'
import type { Run } from './run.ts'

/**
 * Reads a file whose columns are a model's inputs. Ids are texts and times are numbers however they look: digits past 2^53
 * would be taken for the other.
 */
export function readFlatTable(
  path: string,
  { transaction: { id, time } }: Detector,
  { columns = [] }: FeatureSet,
  flags: InputFlags,
  run: Run,
): Promise<ReadResult> {
  const { columns: given = {} } = readOptions(flags, run)
  const declared: Record<string, ColumnKind> = { ...given }
  if (id !== undefined && !columns.includes(id)) declared[id] = 'text'
  if (time !== undefined && time.format !== 'iso') declared[time.field] = 'number'
  return readFileTable(path, flags, run, { columns: declared, required: Object.keys(given) })
}

/** The rows of a table whose id an earlier row has; all of them were asked about. */
export function findRepeats(table: Table, detector: Detector, { layout }: FeatureSet, onRepeat = (_: number) => {}) {
  const repeats = new RepeatedIds(detector, layout)
  repeats.open(table)
  for (let row = 0; row < table.rowCount; row++) if (repeats.check(row)?.isSame === true) onRepeat(row)
  return repeats
}
