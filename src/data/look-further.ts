import { type CellFormat, FormatEvidence } from './cell-format.ts'
import type { Table, TextColumn } from './table.ts'

/** No number or time that people write is longer. */
export const longestWritten = 48

/** Columns whose rows so far can be read in two ways, with their kinds; nobody has got any of the file's rows yet. */
export class OpenColumns extends Error {
  readonly kinds: ReadonlyMap<string, 'number' | 'time'>

  constructor(kinds: ReadonlyMap<string, 'number' | 'time'>) {
    super(`the rows so far do not show how ${[...kinds.keys()].join(', ')} is written`)
    this.kinds = kinds
  }
}

/** What whole columns of texts say of how they are written; reads on only until more cells can't say more. */
export async function lookFurther(
  tables: AsyncIterable<Table>,
  kinds: OpenColumns['kinds'],
): Promise<ReadonlyMap<string, FormatEvidence>> {
  const found = new Map([...kinds.keys()].map((name) => [name, new FormatEvidence()]))
  for await (const { columns } of tables) {
    for (const column of columns) {
      const evidence = found.get(column.name)
      if (evidence === undefined || column.kind !== 'text') continue
      addTexts(evidence, column)
    }
    if ([...kinds].every(([name, kind]) => found.get(name)?.isExhausted(kind))) break
  }
  return found
}

/** How the numbers of a column of texts are written, by all of them where nobody has said so. */
export function formatOfTexts(column: TextColumn): CellFormat {
  if (column.format?.decimal !== undefined) return column.format
  const evidence = new FormatEvidence()
  addTexts(evidence, column)
  return { ...column.format, decimal: evidence.own.decimal }
}

function addTexts(evidence: FormatEvidence, { dictionary }: TextColumn): void {
  for (const text of dictionary) if (text.length <= longestWritten) evidence.addText(text.trim())
}
