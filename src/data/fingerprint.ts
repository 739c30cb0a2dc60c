import { createHash } from 'node:crypto'
import type { Table } from './table.ts'

const blockRows = 8192

/**
 * SHA-256, in hex, of what a table says: column names, kinds and values in order. The same rows give the same
 * fingerprint from any file format; the order in which a dictionary holds its texts doesn't count.
 */
export function fingerprint({ rowCount, columns }: Table): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([rowCount, columns.map(({ kind, name }) => [kind, name])]))
  for (const column of columns) {
    if (column.kind === 'text') {
      const { codes, texts } = byFirstAppearance(column.codes, column.dictionary)
      hash.update(JSON.stringify(texts))
      for (let start = 0; start < rowCount; start += blockRows) {
        hash.update(new Uint8Array(codes.slice(start, start + blockRows).buffer))
      }
    } else {
      for (let start = 0; start < rowCount; start += blockRows) {
        // Missing values may differ in bits that mean nothing.
        const block = column.values.slice(start, start + blockRows)
        for (let row = 0; row < block.length; row++) if (Number.isNaN(block[row])) block[row] = Number.NaN
        hash.update(new Uint8Array(block.buffer))
      }
    }
  }
  return hash.digest('hex')
}

function byFirstAppearance(codes: Int32Array, dictionary: readonly string[]) {
  const newCodes = new Int32Array(dictionary.length).fill(-1)
  const texts: string[] = []
  const renumbered = codes.map((code) => {
    if (code < 0) return -1
    if (newCodes[code] < 0) newCodes[code] = texts.push(dictionary[code]) - 1
    return newCodes[code]
  })
  return { codes: renumbered, texts }
}
