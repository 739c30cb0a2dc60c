import { type CsvCell, scanCell, skipLineEnd } from './csv-cell.ts'

const comma = 0x2c
/** What separates cells in the files that people have, the most usual first. */
const separators = [comma, 0x3b, 0x09, 0x7c]

/**
 * The byte that separates the cells: of those that give the header and the line after it the same number of cells the
 * one that gives most, else the one that gives the header most; a comma where several do or none does. Undefined where
 * more bytes may come that it depends on.
 */
export function findSeparator(
  bytes: Uint8Array,
  start: number,
  length: number,
  isFinal: boolean,
  cell: CsvCell,
): number | undefined {
  const candidates: { readonly separator: number; readonly cells: number; readonly next: number }[] = []
  for (const separator of separators) {
    cell.separator = separator
    const header = countCells(bytes, start, length, isFinal, cell)
    if (header === undefined) return isFinal ? comma : undefined
    if (header.cells > 1) candidates.push({ separator, ...header })
  }
  if (candidates.length <= 1) return candidates[0]?.separator ?? comma
  let best = { separator: comma, isEven: false, cells: 1 }
  for (const { separator, cells, next } of candidates) {
    cell.separator = separator
    const row = countCells(bytes, next, length, isFinal, cell)
    if (row === undefined && !isFinal) return undefined
    const isEven = row?.cells === cells
    if (isEven === best.isEven ? cells > best.cells : isEven) best = { separator, isEven, cells }
  }
  return best.separator
}

/** With quotes and the first byte of its line's end. */
export const longestDeclaration = 8

/**
 * Where the line ends with which Excel is told the separator, `sep=;`, and nothing else: undefined where the line is
 * another. The header is behind it.
 */
export function endOfDeclaration(bytes: Uint8Array, start: number, length: number, cell: CsvCell): number | undefined {
  const line = Buffer.from(bytes.subarray(start, Math.min(start + longestDeclaration, length))).toString('latin1')
  const [whole, separator] = /^(?:sep=([,;\t|])|"sep=[,;\t|]")(?=[\r\n])/i.exec(line) ?? []
  if (whole === undefined) return undefined
  cell.separator = (separator ?? whole.at(-2) ?? '').charCodeAt(0)
  return start + whole.length
}

/** How often each separator occurs in one line, and where the next begins; undefined where the bytes end inside it and more may come. */
function countCells(bytes: Uint8Array, start: number, length: number, isFinal: boolean, cell: CsvCell) {
  let cells = 0
  for (let at = start; ; at = cell.next + 1) {
    if (!scanCell(bytes, at, length, isFinal, cell)) return undefined
    cells++
    if (cell.isLast) break
  }
  const next = skipLineEnd(bytes, cell.next, length, isFinal)
  return next < 0 ? undefined : { cells, next }
}
