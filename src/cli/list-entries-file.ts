import { suggestion } from '../core/closest-name.ts'
import { FraudError } from '../core/errors.ts'
import { showValue } from '../core/show-value.ts'
import { openTables } from '../data/read-table.ts'
import { type Table, tellRow } from '../data/table.ts'
import { type EntryDefinition, entrySchema } from '../decisioning/list-definition.ts'
import type { Run } from './run.ts'

const columns = { value: 'value', expires_at: 'expiresAt', source: 'source', note: 'note' } as const
/** As lines that HTTP exports spell it, too. */
const names = { ...columns, expiresAt: 'expiresAt' } as const

/**
 * Reads entries of a list: columns `value` and, where they are there, `expires_at`, `source` and `note`.
 *
 * @throws FraudError DATA_INVALID with the line and the field of the first that is wrong, or with a column that entries do not
 *   have: what it holds, an expiry say, would be lost.
 */
export async function readEntries(file: string, run: Run): Promise<readonly EntryDefinition[]> {
  const kinds = Object.fromEntries(Object.keys(names).map((name) => [name, 'text' as const]))
  const entries: EntryDefinition[] = []
  const open = openTables(file, { columns: kinds, required: ['value'], rowsPerTable: 16_384, signal: run.signal })
  for await (const table of open.tables) {
    refuseOthers(table, file)
    const before = entries.length
    for (let row = 0; row < table.rowCount; row++) entries.push(entryAt(table, row, before, file))
  }
  return entries
}

function refuseOthers(table: Table, file: string): void {
  const fieldOf: ReadonlyMap<string, string> = new Map(Object.entries(names))
  const given = new Map<string, string>()
  for (const { name } of table.columns) {
    const field = fieldOf.get(name)
    const shown = `${file}: the column "${showValue(name)}"`
    if (field === undefined)
      throw new FraudError(
        'DATA_INVALID',
        `${shown} is not a column of entries${suggestion(name, Object.keys(columns))}`,
      )
    const other = given.get(field)
    if (other !== undefined) throw new FraudError('DATA_INVALID', `${shown} says the same as "${other}": keep one`)
    given.set(field, name)
  }
}

function entryAt(table: Table, row: number, before: number, file: string): EntryDefinition {
  const given = Object.entries(names).flatMap(([column, name]) => {
    const found = table.columns.find((each) => each.name === column)
    const text = found?.kind === 'text' ? found.dictionary[found.codes[row]] : undefined
    return text === undefined || text === '' ? [] : [[name, text] as const]
  })
  const parsed = entrySchema.safeParse(Object.fromEntries(given))
  if (parsed.success) return parsed.data
  const [{ path, message }] = parsed.error.issues
  const column = Object.entries(names).find(([, name]) => name === path[0])?.[0] ?? path.join('.')
  throw new FraudError('DATA_INVALID', `${file}, ${tellRow(table, row, before)}: ${column}: ${message}`)
}
