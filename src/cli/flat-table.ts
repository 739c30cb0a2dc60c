import type { Detector } from '../core/detector.ts'
import type { ReadResult } from '../data/read-table.ts'
import type { Table } from '../data/table.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import { type InputFlags, readFileTable, readOptions } from './read-input.ts'
import { RepeatedIds } from './repeated-ids.ts'
import type { Run } from './run.ts'

/** Reads a file whose columns are a model's inputs. Ids are texts however they look: digits over 2^53 are no number. */
export function readFlatTable(
  path: string,
  { transaction: { id } }: Detector,
  { columns = [] }: FeatureSet,
  flags: InputFlags,
  run: Run,
): Promise<ReadResult> {
  if (id === undefined || columns.includes(id)) return readFileTable(path, flags, run)
  const { columns: given = {} } = readOptions(flags, run)
  return readFileTable(path, flags, run, { columns: { ...given, [id]: 'text' }, required: Object.keys(given) })
}

/** The rows of a table whose id an earlier row has; all of them were asked about. */
export function findRepeats(table: Table, detector: Detector, { layout }: FeatureSet, onRepeat = (_: number) => {}) {
  const repeats = new RepeatedIds(detector, layout)
  repeats.open(table)
  for (let row = 0; row < table.rowCount; row++) if (repeats.check(row)?.isSame === true) onRepeat(row)
  return repeats
}
