import { isRecord } from '../core/json-value.ts'

/** The columns of a detector's personal values, each with the name that its tokens are made for. */
export function personalColumns(transaction: unknown): ReadonlyMap<string, string> {
  const { personal } = isRecord(transaction) ? transaction : {}
  const names = Array.isArray(personal) ? personal.map(String) : []
  const found = names.map((name) => [columnOfName(transaction, name), name] as const)
  return new Map(found.flatMap(([column, name]) => (column === undefined ? [] : [[column, name]])))
}

/** The column that a key has, or a kept field is. The detector may be another version's. */
export function columnOfName(transaction: unknown, name: string): string | undefined {
  const { keys, keep } = isRecord(transaction) ? transaction : {}
  const column = isRecord(keys) && Object.hasOwn(keys, name) ? keys[name] : undefined
  if (typeof column === 'string') return column
  return Array.isArray(keep) && keep.includes(name) ? name : undefined
}
