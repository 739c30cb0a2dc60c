import { open } from 'node:fs/promises'
import { isReadOnce } from './byte-source.ts'
import { formatOf, isPacked } from './file-format.ts'

const sampledBytes = 2 ** 20
const [newLine, quote] = [10, 34]
const separators = [',', ';', '\t', '|'].map((text) => text.charCodeAt(0))

export interface TableSize {
  readonly rows: number
  readonly columns: number
}

/**
 * How large a table is likely to be, by the first lines of its file; undefined where these don't tell: a packed file, say, or
 * a folder. Line breaks within cells count as rows, which makes it no smaller than it is.
 */
export async function estimateTable(path: string): Promise<TableSize | undefined> {
  if (isReadOnce(path) || formatOf(path) !== 'csv' || isPacked(path)) return undefined
  // Whoever reads it says why it can't be read.
  const file = await open(path).catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const stats = await file.stat()
    if (!stats.isFile()) return undefined
    const { size } = stats
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sampledBytes), 0, sampledBytes, 0)
    const sample = buffer.subarray(0, bytesRead)
    const end = sample.lastIndexOf(newLine)
    const header = sample.indexOf(newLine)
    if (end <= header) return undefined
    const rows = count(sample.subarray(header + 1, end + 1), newLine)
    return {
      rows: Math.round((rows * (size - header)) / (end - header)),
      columns: columnsOf(sample.subarray(0, header)),
    }
  } finally {
    await file.close()
  }
}

function count(bytes: Uint8Array, wanted: number): number {
  let found = 0
  for (const byte of bytes) if (byte === wanted) found++
  return found
}

/** One more than there are of the commonest separator outside of quotes. */
function columnsOf(header: Uint8Array): number {
  const counts = separators.map(() => 0)
  let isQuoted = false
  for (const byte of header) {
    if (byte === quote) isQuoted = !isQuoted
    const separator = isQuoted ? -1 : separators.indexOf(byte)
    if (separator >= 0) counts[separator]++
  }
  return 1 + Math.max(...counts)
}
