import { type BadRow, BadRowLog } from './bad-rows.ts'
import { isReadOnce } from './byte-source.ts'
import { CsvCell, scanCell } from './csv-cell.ts'
import { type CsvHeader, readHeader } from './csv-header.ts'
import { formatOf, isFolder } from './file-format.ts'
import { JsonItems } from './json-items.ts'
import { longestObjectBytes } from './json-rows.ts'
import { openBytes, type ReadOptions } from './read-table.ts'
import { toUtf8 } from './text-encoding.ts'

const columns = ['rejected_line', 'rejected_reason']

/**
 * The rows of a file that were left out, each behind its line and the reason, as CSV. Rows of CSV stand as the file has
 * them, with its separator, so that they can be mended and read again; rows of NDJSON and Parquet are JSON in a column
 * `rejected_row`. Of what can be read only once, of a folder's parts and of a workbook nothing but line and reason is
 * written.
 */
export async function* rejectedRows(
  path: string,
  badRows: readonly BadRow[],
  options: Pick<ReadOptions, 'encoding' | 'signal'> = {},
): AsyncGenerator<Uint8Array> {
  const wanted = new Map<number, BadRow>()
  for (const row of badRows) if (!wanted.has(row.line)) wanted.set(row.line, row)
  if (isReadOnce(path) || isFolder(path) || formatOf(path) === 'xlsx') {
    yield* inOneColumn(wanted, undefined)
    return
  }
  const format = formatOf(path)
  if (format === 'parquet') {
    const { readJsonRows } = await import('./parquet.ts')
    const lines = [...wanted.keys()]
    yield* inOneColumn(wanted, lines.length === 0 ? new Map() : await readJsonRows(path, lines))
  } else if (format === 'ndjson') {
    yield* inOneColumn(wanted, await linesOf((await openBytes(path, options)).chunks, wanted))
  } else if (format === 'json') {
    yield* inOneColumn(wanted, await itemsOf((await openBytes(path, options)).chunks, wanted))
  } else {
    const source = await openBytes(path, options)
    yield* ofCsv(path, toUtf8(source.chunks, options.encoding, path).chunks, wanted)
  }
}

type Wanted = ReadonlyMap<number, BadRow>

function* inOneColumn(wanted: Wanted, rows: ReadonlyMap<number, string> | undefined): Generator<Uint8Array> {
  yield line([...columns, ...(rows === undefined ? [] : ['rejected_row'])].join(','))
  for (const [at, { reason, place }] of inOrder(wanted)) {
    // Only this says in which file of a folder a row is.
    yield line(
      [
        rows === undefined ? quoted(place ?? String(at)) : at,
        quoted(reason),
        ...(rows === undefined ? [] : [quoted(rows.get(at) ?? '')]),
      ].join(','),
    )
  }
}

/** The lines of NDJSON that are wanted. */
async function linesOf(chunks: AsyncIterable<Uint8Array>, wanted: Wanted): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>()
  let at = 0
  for await (const lines of split(chunks, '\n')) {
    for (const text of lines) if (wanted.has(++at)) found.set(at, Buffer.from(text, 'latin1').toString().trimEnd())
  }
  return found
}

/** The items of a JSON array that are wanted, each on one line. */
async function itemsOf(chunks: AsyncIterable<Uint8Array>, wanted: Wanted): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>()
  const items = new JsonItems((bytes) => {
    if (wanted.has(items.count)) found.set(items.count, new TextDecoder().decode(bytes).trim())
  }, longestObjectBytes)
  for await (const chunk of chunks) items.write(chunk)
  return found
}

async function* ofCsv(path: string, chunks: AsyncIterable<Uint8Array>, wanted: Wanted): AsyncGenerator<Uint8Array> {
  const cell = new CsvCell()
  const { header, names, rest } = await headOf(path, chunks, cell)
  const separator = String.fromCharCode(cell.separator)
  yield line([...columns, names].join(separator), 'latin1')
  if (wanted.size === 0) return
  const rowsLeft = inOrder(wanted).map(([at]) => at)
  let at = header.nextLine - 1
  let start = at + 1
  let row = ''
  for await (const lines of split(rest, /\r\n?|\n/)) {
    for (const text of lines) {
      at++
      if (row === '') start = at
      row = row === '' ? text : `${row}\n${text}`
      const isAlone = start === at && wanted.get(at)?.isLineAlone === true
      if (!isAlone && !isComplete(row, cell)) continue
      while (rowsLeft[0] < start) rowsLeft.shift()
      if (rowsLeft[0] <= at) {
        const reason = wanted.get(rowsLeft[0])?.reason ?? ''
        const before = [rowsLeft[0], latin1(quoted(reason, separator))]
        // Its quotes would take the lines behind it for a part of a cell.
        yield line([...before, isAlone ? quoted(row, separator) : row].join(separator), 'latin1')
        while (rowsLeft[0] <= at) rowsLeft.shift()
        if (rowsLeft.length === 0) return
      }
      row = ''
    }
  }
}

/** Reads a file's bytes up to where its header ends. */
async function headOf(path: string, chunks: AsyncIterable<Uint8Array>, cell: CsvCell) {
  const iterator = chunks[Symbol.asyncIterator]()
  const log = new BadRowLog(path, 'fail')
  let head = Buffer.alloc(0)
  let header: CsvHeader | undefined
  while (header === undefined) {
    const next = await iterator.next()
    if (next.done !== true) head = Buffer.concat([head, next.value])
    header = readHeader(head, head.length, next.done === true, cell, log)
    if (next.done === true) break
  }
  if (header === undefined) throw log.error({ line: 1 }, 'the file is empty: there is no header line')
  const { start, next } = header
  const names = head.toString('latin1', start, next).replace(/[\r\n]+$/, '')
  const rest = (async function* () {
    yield head.subarray(next)
    yield* { [Symbol.asyncIterator]: () => iterator }
  })()
  return { header, names, rest }
}

/** Whether every quote of a row is closed. */
function isComplete(row: string, cell: CsvCell): boolean {
  if (!row.includes('"')) return true
  const bytes = Buffer.from(`${row}\n`, 'latin1')
  for (let at = 0; ; at = cell.next + 1) {
    if (!scanCell(bytes, at, bytes.length, true, cell)) return false
    if (cell.isLast) return cell.next >= bytes.length - 1
  }
}

/** A file's lines without their ends, many at a time; each byte is one character, so that all stay as they are. */
async function* split(chunks: AsyncIterable<Uint8Array>, end: RegExp | '\n'): AsyncGenerator<readonly string[]> {
  let rest = ''
  for await (const chunk of chunks) {
    const text = rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1')
    // A line feed may follow.
    const isOpen = text.endsWith('\r')
    const lines = (isOpen ? text.slice(0, -1) : text).split(end)
    rest = `${lines.pop() ?? ''}${isOpen ? '\r' : ''}`
    yield lines
  }
  if (rest !== '') yield rest.replace(/\r$/, '').split(end)
}

function inOrder(wanted: Wanted): readonly (readonly [number, BadRow])[] {
  return [...wanted].sort(([one], [other]) => one - other)
}

function line(text: string, encoding: 'utf-8' | 'latin1' = 'utf-8'): Uint8Array {
  return Buffer.from(`${text}\n`, encoding)
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function quoted(text: string, separator = ','): string {
  return /["\r\n]/.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text
}
