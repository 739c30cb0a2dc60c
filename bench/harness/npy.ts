import { readFileSync, writeFileSync } from 'node:fs'

/**
 * Writes columns as one two-dimensional float64 array in NumPy's .npy format 1.0 (columns contiguous), so that both
 * sides of a comparison start from the same bits.
 */
export function writeNpy(path: string, columns: readonly ArrayLike<number>[]): void {
  const rows = columns[0]?.length ?? 0
  const shape = `{'descr': '<f8', 'fortran_order': True, 'shape': (${rows}, ${columns.length}), }`
  // The format wants the data to begin at a multiple of 64 bytes, ten of which come before the text.
  const header = `${shape.padEnd(Math.ceil((shape.length + 11) / 64) * 64 - 11)}\n`
  const data = new Float64Array(rows * columns.length)
  for (const [index, column] of columns.entries()) data.set(column, index * rows)
  const magic = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8])
  writeFileSync(path, Buffer.concat([magic, Buffer.from(header, 'latin1'), Buffer.from(data.buffer)]))
}

export interface NpyArray {
  /** All elements in the order of the file. */
  readonly values: Float64Array
  readonly shape: readonly number[]
  readonly columnsContiguous: boolean
}

/** Reads a .npy file of float32, float64 or int32 numbers, as doubles. */
export function readNpy(path: string): NpyArray {
  const file = readFileSync(path)
  const dataStart = 10 + file.readUInt16LE(8)
  const header = file.toString('latin1', 10, dataStart)
  const type = /'descr': '<(f8|f4|i4)'/.exec(header)?.[1]
  const shape = /'shape': \(([^)]*)\)/.exec(header)?.[1]?.split(',')
  if (file[6] !== 1 || type === undefined || shape === undefined)
    throw new Error(`${path} is no .npy file that we know`)
  const data = file.buffer.slice(file.byteOffset + dataStart, file.byteOffset + file.length)
  return {
    values:
      type === 'f8' ? new Float64Array(data) : Float64Array.from(new (type === 'f4' ? Float32Array : Int32Array)(data)),
    shape: shape.filter((part) => part.trim() !== '').map(Number),
    columnsContiguous: header.includes("'fortran_order': True"),
  }
}

/** The columns of a two-dimensional array written by `writeNpy`. */
export function readColumns(path: string): Float64Array[] {
  const { values, shape, columnsContiguous } = readNpy(path)
  const [rows, count] = shape
  if (!columnsContiguous || count === undefined) throw new Error(`${path} does not hold columns`)
  return Array.from({ length: count }, (_, column) => values.subarray(column * rows, (column + 1) * rows))
}
