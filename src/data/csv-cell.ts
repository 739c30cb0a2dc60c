const lineFeed = 0x0a
const carriageReturn = 0x0d
const quote = 0x22
/** No row is longer; a quote that is never closed would make one of the whole file. */
export const longestRowBytes = 16 * 2 ** 20

/** One cell as it was found. Kept and used again, so that scanning allocates nothing. */
export class CsvCell {
  /** The byte between cells, which the header decides. */
  separator = 0x2c
  /** The content is bytes[start, end): the file's own bytes, or a copy where doubled quotes were halved. */
  bytes: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  isQuoted = false
  /** Whether something stands between the closing quote and the end of the cell. */
  hasTextAfterQuote = false
  /** Line ends inside the quotes. */
  lineEnds = 0
  /** Where the separator or line end after it is, or the end of the data. */
  next = 0
  isLast = false
}

/**
 * Reads the cell that starts at `at` (RFC 4180; a quote counts only as the first character). Returns false where the
 * bytes end inside it and more may come; with `isFinal` that happens only in a quote that is never closed.
 */
export function scanCell(bytes: Uint8Array, at: number, length: number, isFinal: boolean, cell: CsvCell): boolean {
  cell.bytes = bytes
  cell.lineEnds = 0
  cell.hasTextAfterQuote = false
  cell.isQuoted = at < length && bytes[at] === quote
  let next = at
  if (cell.isQuoted) {
    if (!scanQuoted(bytes, at + 1, length, isFinal, cell)) return false
    next = cell.next
  }
  const { separator } = cell
  while (next < length && bytes[next] !== separator && bytes[next] !== lineFeed && bytes[next] !== carriageReturn)
    next++
  if (next === length && !isFinal) return false
  if (cell.isQuoted) cell.hasTextAfterQuote = next > cell.next
  else {
    cell.start = at
    cell.end = next
  }
  cell.next = next
  cell.isLast = next === length || bytes[next] !== separator
  return true
}

/** The start of the line after the line end at `at`: LF, CR LF or CR alone; -1 where an LF may still come. */
export function skipLineEnd(bytes: Uint8Array, at: number, length: number, isFinal: boolean): number {
  if (at === length) return at
  if (bytes[at] === lineFeed) return at + 1
  if (at + 1 === length) return isFinal ? length : -1
  return bytes[at + 1] === lineFeed ? at + 2 : at + 1
}

function scanQuoted(bytes: Uint8Array, start: number, length: number, isFinal: boolean, cell: CsvCell): boolean {
  let doubled = 0
  let at = start
  for (; ; at++) {
    if (at >= length) return false
    if (bytes[at] === quote) {
      // The byte after it says whether this quote closes the cell or is the first half of a doubled one.
      if (at + 1 === length && !isFinal) return false
      if (at + 1 === length || bytes[at + 1] !== quote) break
      doubled++
      at++
    } else if (bytes[at] === lineFeed || (bytes[at] === carriageReturn && bytes[at + 1] !== lineFeed)) cell.lineEnds++
  }
  cell.start = start
  cell.end = at
  cell.next = at + 1
  if (doubled > 0) halveQuotes(bytes, start, at, doubled, cell)
  return true
}

/** Into a copy: the file's bytes may be scanned again from the start of the row. */
function halveQuotes(bytes: Uint8Array, start: number, end: number, doubled: number, cell: CsvCell): void {
  const content = new Uint8Array(end - start - doubled)
  let to = 0
  for (let at = start; at < end; at++) {
    if (bytes[at] === quote) at++
    content[to++] = bytes[at]
  }
  cell.bytes = content
  cell.start = 0
  cell.end = content.length
}
