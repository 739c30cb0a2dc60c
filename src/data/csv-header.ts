import type { BadRowLog } from './bad-rows.ts'
import { mostColumns } from './columns.ts'
import { type CsvCell, scanCell, skipLineEnd } from './csv-cell.ts'
import { endOfDeclaration, findSeparator, longestDeclaration } from './csv-separator.ts'

/** A CSV file's column names, and where its first row starts. */
export interface CsvHeader {
  readonly names: readonly string[]
  /** Where the names begin: after a byte order mark, blank lines and a line for Excel. */
  readonly start: number
  readonly next: number
  /** The physical line of the first row, from 1. */
  readonly nextLine: number
}

const byteOrderMark = [0xef, 0xbb, 0xbf]

/** Reads the header line; undefined where the bytes end before it does and more may come. */
export function readHeader(
  bytes: Uint8Array,
  length: number,
  isFinal: boolean,
  cell: CsvCell,
  badRows: BadRowLog,
): CsvHeader | undefined {
  if (length < 4 && !isFinal) return undefined
  let at = startsWith(bytes, length, byteOrderMark) ? byteOrderMark.length : 0
  let line = 1
  while (at < length && (bytes[at] === 0x0a || bytes[at] === 0x0d)) {
    at = skipLineEnd(bytes, at, length, isFinal)
    if (at < 0) return undefined
    line++
  }
  if (length - at < longestDeclaration && !isFinal) return undefined
  const declared = endOfDeclaration(bytes, at, length, cell)
  if (declared !== undefined) {
    at = skipLineEnd(bytes, declared, length, isFinal)
    if (at < 0) return undefined
    line++
  }
  if (at === length && isFinal) throw badRows.error({ line }, 'the file is empty: there is no header line')
  if (declared === undefined) {
    const separator = findSeparator(bytes, at, length, isFinal, cell)
    if (separator === undefined) return undefined
    cell.separator = separator
  }
  const start = at
  const names: string[] = []
  let lineEnds = 0
  for (;;) {
    if (!scanCell(bytes, at, length, isFinal, cell)) {
      if (isFinal) throw badRows.error({ line }, 'a quote in the header is never closed')
      return undefined
    }
    names.push(nameIn(cell, names.length, line, badRows))
    lineEnds += cell.lineEnds
    if (cell.isLast) break
    if (names.length === mostColumns) {
      throw badRows.error({ line }, `the header has over ${mostColumns} columns; no more can be read`)
    }
    at = cell.next + 1
  }
  const next = skipLineEnd(bytes, cell.next, length, isFinal)
  if (next < 0) return undefined
  checkNames(names, line, badRows)
  return { names, start, next, nextLine: line + lineEnds + 1 }
}

/** An unquoted name without the blanks around it; a nameless column, such as a data frame's index, gets its position. */
function nameIn(cell: CsvCell, index: number, line: number, badRows: BadRowLog): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(cell.bytes.subarray(cell.start, cell.end))
  } catch (cause) {
    throw Object.assign(badRows.error({ line }, 'the header is not UTF-8'), { cause })
  }
  const name = cell.isQuoted ? text : text.trim()
  return name === '' ? `unnamed_${index + 1}` : name
}

function checkNames(names: readonly string[], line: number, badRows: BadRowLog): void {
  const positions = new Map<string, number>()
  for (const [index, name] of names.entries()) {
    const earlier = positions.get(name)
    if (earlier !== undefined) {
      const reason = `the name is twice in the header, as column ${earlier} and ${index + 1}`
      throw badRows.error({ line, column: name }, reason)
    }
    positions.set(name, index + 1)
  }
}

function startsWith(bytes: Uint8Array, length: number, prefix: readonly number[]): boolean {
  return length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte)
}
