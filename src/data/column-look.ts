import type { Column } from './table.ts'

/** What is known of a column beside its name. */
export interface ColumnLook {
  readonly distinct: number
  readonly missing: number
  /** The different values; of numbers, where they are few. */
  readonly texts: readonly string[]
}

/** Columns of more values are not categories. */
export const mostCategories = 30

export function lookAt(column: Column): ColumnLook {
  if (column.kind === 'text') {
    const seen = new Uint8Array(column.dictionary.length)
    let missing = 0
    for (const code of column.codes) {
      if (code < 0) missing++
      else seen[code] = 1
    }
    const texts = column.dictionary.filter((text, code) => seen[code] === 1 && text.trim() !== '')
    return { distinct: texts.length, missing, texts }
  }
  const values = new Set<number>()
  let missing = 0
  for (const value of column.values) {
    if (Number.isNaN(value)) missing++
    else values.add(value)
  }
  const texts = values.size > mostCategories ? [] : [...values].sort((a, b) => a - b).map(String)
  return { distinct: values.size, missing, texts }
}
