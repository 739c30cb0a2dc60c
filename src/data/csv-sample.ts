import { FormatEvidence } from './cell-format.ts'
import { type ColumnKind, KindCounts, kindOfCell } from './column-kind.ts'
import { type CsvCell, longestRowBytes, scanCell, skipLineEnd } from './csv-cell.ts'
import { longestWritten } from './look-further.ts'
import type { MissingWords } from './missing-words.ts'
import { skipDecimal } from './number-parser.ts'

const lineFeed = 0x0a
const sampleRows = 1000
const sampleBytes = 2 ** 20

/** What the first rows say of a column. */
export interface SampledColumn {
  readonly kind: ColumnKind | undefined
  readonly evidence: FormatEvidence
}

/** Whether the bytes so far can hold a whole sample, where rows end with line feeds: to look at its rows takes longer. */
export function mayHoldSample(bytes: Uint8Array, start: number, length: number): boolean {
  if (length - start >= sampleBytes) return true
  const held = bytes.subarray(0, length)
  let at = start
  for (let rows = 0; rows < sampleRows; rows++) {
    at = held.indexOf(lineFeed, at) + 1
    if (at === 0) return false
  }
  return true
}

/**
 * The kinds of a CSV file's columns and how their cells are written, from its first thousand rows or those that start in its first mebibyte, whichever
 * are fewer, however the file comes in pieces. Undefined where more of them may come. Rows of another length don't count.
 */
export function sampleColumns(
  bytes: Uint8Array,
  start: number,
  length: number,
  isFinal: boolean,
  columnCount: number,
  cell: CsvCell,
  missing: MissingWords,
): readonly SampledColumn[] | undefined {
  const counts = Array.from({ length: columnCount }, () => new KindCounts())
  const evidence = counts.map(() => new FormatEvidence())
  const decide = () => counts.map((count, column) => ({ kind: count.decide(), evidence: evidence[column] }))
  const row: (ColumnKind | undefined)[] = []
  let at = start
  for (let rows = 0; rows < sampleRows && at - start < sampleBytes; rows++) {
    if (at >= length) {
      if (isFinal) break
      return undefined
    }
    row.length = 0
    for (let isLast = false; !isLast; ) {
      // Undefined past the last column, in a row that has nothing to say.
      const said = evidence[row.length]
      const plainEnd = skipDecimal(bytes, at)
      if (plainEnd > at && (bytes[plainEnd] === cell.separator || bytes[plainEnd] === lineFeed)) {
        row.push('number')
        if (said?.knowsPoint === false) said.addPlain(bytes, at, plainEnd)
        isLast = bytes[plainEnd] === lineFeed
        at = isLast ? plainEnd : plainEnd + 1
        continue
      }
      // A quote that is never closed is reported where the rows are read.
      if (!scanCell(bytes, at, length, isFinal, cell))
        return isFinal || length - start > longestRowBytes ? decide() : undefined
      row.push(kindInside(cell, said, missing))
      isLast = cell.isLast
      at = isLast ? cell.next : cell.next + 1
    }
    at = skipLineEnd(bytes, at, length, isFinal)
    if (at < 0) return undefined
    if (row.length === columnCount) for (let column = 0; column < columnCount; column++) counts[column].add(row[column])
  }
  return decide()
}

function kindInside(
  { bytes, start, end }: CsvCell,
  evidence: FormatEvidence | undefined,
  missing: MissingWords,
): ColumnKind | undefined {
  let from = start
  let to = end
  while (from < to && bytes[from] <= 0x20) from++
  while (to > from && bytes[to - 1] <= 0x20) to--
  const kind = kindOfCell(bytes, from, to, missing)
  if (kind === 'text') return (to - from <= longestWritten && evidence?.add(bytes, from, to)) || 'text'
  if (kind === 'number' && evidence?.knowsPoint === false) evidence.addPlain(bytes, from, to)
  return kind
}
