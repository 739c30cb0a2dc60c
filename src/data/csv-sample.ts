import { type ColumnKind, KindCounts, kindOfCell } from './column-kind.ts'
import { type CsvCell, scanCell, skipLineEnd } from './csv-cell.ts'
import { readDecimal } from './number-parser.ts'

const sampleRows = 1000
const sampleBytes = 2 ** 20
const scratch = new Float64Array(1)

/**
 * The kinds of a CSV file's columns, from its first thousand rows or those that start in its first mebibyte, whichever
 * are fewer, however the file comes in pieces. Undefined where more of them may come. Rows of another length don't count.
 */
export function inferKinds(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  length: number,
  isFinal: boolean,
  columnCount: number,
  cell: CsvCell,
): readonly (ColumnKind | undefined)[] | undefined {
  const counts = Array.from({ length: columnCount }, () => new KindCounts())
  const row: (ColumnKind | undefined)[] = []
  let at = start
  for (let rows = 0; rows < sampleRows && at - start < sampleBytes; rows++) {
    if (at >= length) {
      if (isFinal) break
      return undefined
    }
    row.length = 0
    do {
      if (row.length > 0) at = cell.next + 1
      // A quote that is never closed is reported where the rows are read.
      if (!scanCell(bytes, at, length, isFinal, cell))
        return isFinal ? counts.map((count) => count.decide()) : undefined
      const isPlainNumber = cell.end > cell.start && readDecimal(bytes, view, at, scratch, 0) === cell.next
      row.push(isPlainNumber ? 'number' : kindInside(cell))
    } while (!cell.isLast)
    at = skipLineEnd(bytes, cell.next, length, isFinal)
    if (at < 0) return undefined
    if (row.length === columnCount) for (const [column, kind] of row.entries()) counts[column].add(kind)
  }
  return counts.map((count) => count.decide())
}

function kindInside({ bytes, start, end }: CsvCell): ColumnKind | undefined {
  let from = start
  let to = end
  while (from < to && bytes[from] <= 0x20) from++
  while (to > from && bytes[to - 1] <= 0x20) to--
  return kindOfCell(bytes, from, to)
}
