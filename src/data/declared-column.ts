import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import type { Column, Table } from './table.ts'

/**
 * The column that a detector names at a place of its own.
 *
 * @param orElse a kind of feature that the error proposes where the table has no such column.
 * @throws FraudError DATA_INVALID
 */
export function declaredColumn(
  table: Table,
  located: LocatedDetector,
  name: string,
  path: readonly PropertyKey[],
  orElse?: string,
): Column {
  const column = table.columns.find((candidate) => candidate.name === name)
  if (column !== undefined) return column
  const names = table.columns.map((candidate) => candidate.name)
  const cure = orElse === undefined ? suggestion(name, names) : `. Did you mean the kind of feature "${orElse}"?`
  const reason = `the file has no column "${showValue(name)}"${cure}`
  throw new FraudError('DATA_INVALID', `${located.locate(path)}: ${path.join('.')}: ${reason}`, {
    errors: [{ field: path.join('.'), reason }],
  })
}

/** Where a detector says which column a name stands for. */
export function placeOf(name: string, { detector }: LocatedDetector): readonly PropertyKey[] {
  const { keys = {}, fields = {} } = detector.transaction
  if (Object.hasOwn(keys, name)) return ['transaction', 'keys', name]
  if (Object.hasOwn(fields, name)) return ['transaction', 'fields', name]
  if (name === 'latitude' || name === 'longitude') return ['transaction', 'position', name]
  if (name === 'currency') return ['transaction', 'amount', 'currency', 'field']
  const entry = detector.features.findIndex(
    (given) => given === name || (typeof given === 'object' && given.column === name),
  )
  return ['features', Math.max(0, entry)]
}
