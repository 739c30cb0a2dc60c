import { createMemory, startKernel } from '../core/kernel.ts'
import { numberKernel } from './number-kernel.ts'

/** The way of a column whose plain numbers are read here, except those with three decimals, whose point may part thousands. */
export const undecidedNumber = 28
/** The way of a column whose plain numbers are all read here. */
export const plainNumber = 255
const lineFeed = 0x0a
/** How many bytes past the last one may be looked at; a buffer is that much longer than its content. */
export const readAheadBytes = 64

interface NumberKernel {
  fillTables(): void
  readCells(at: number, column: number, row: number, rows: number): number
}

// The places are as `kernels/assembly/csv-numbers.ts` has them.
const stateNumbers = 7
const waysAt = 2048
const endsAt = 20_480
const blockAt = 40_960
/** A block takes so many bytes of each column, or so many of all. */
const mostColumnBytes = 4096
const mostBlockBytes = 2 ** 20
const cacheLineBytes = 64
const bytesAt = blockAt + 2 ** 21
/** Enough for files but those of long rows; only what is written to takes memory. */
const firstBytes = 5 * 2 ** 19
/** One that has grown for a file of long rows is not kept. */
const mostKeptBytes = 2 * firstBytes

/** What the last file was read by: a new memory takes longer than a short file, and is a burden on the collector. */
let spare: NumberCells | undefined

/**
 * Reads plain numbers from a file's bytes, cell after cell and row after row, in WebAssembly. They come into a block of
 * rows, small enough to stay in the processor's cache, and from there into their columns.
 */
export class NumberCells {
  readonly #memory = createMemory(bytesAt + firstBytes)
  readonly #kernel = startKernel<NumberKernel>(numberKernel, this.#memory)
  #state = new Uint32Array(this.#memory.buffer, 0, stateNumbers)
  #ends = new Uint8Array(0)
  #block = new Float64Array(0)
  #blockRows = 0
  /** From one column of the block to the next, in numbers. */
  #stride = 0
  #firstRow = 0
  #rowsBefore = 0
  /** The bytes that are read. */
  bytes = new Uint8Array(this.#memory.buffer, bytesAt)
  /** How each column is read. */
  ways = new Uint8Array(0)

  private constructor() {
    this.#kernel.fillTables()
  }

  static take(): NumberCells {
    const cells = spare ?? new NumberCells()
    spare = undefined
    return cells
  }

  /** Leaves it to the next file; its arrays are another's from then on. */
  leave(): void {
    if (this.bytes.length <= mostKeptBytes) spare = this
  }

  /** Makes room for bytes; the array returned before is detached. */
  grow(bytes: number): Uint8Array {
    const missing = Math.max(bytes - this.bytes.length, this.bytes.length)
    this.#memory.grow(Math.ceil(missing / 65_536))
    this.#view(this.ways.length)
    return this.bytes
  }

  begin(columns: number): void {
    this.#blockRows = Math.floor(Math.min(mostColumnBytes, mostBlockBytes / columns) / 8)
    // Columns that are a power of two apart would be in each other's way in the cache.
    this.#stride = this.#blockRows + cacheLineBytes / 8
    this.#view(columns)
    this.#state.set([columns, this.#stride * 8])
  }

  /** Says how many of the bytes are of the file, and what is between its cells. */
  use(length: number, separator: number): void {
    this.#state.set([bytesAt + length, separator], 2)
    this.#ends.fill(separator)
    this.#ends[this.#ends.length - 1] = lineFeed
  }

  #view(columns: number): void {
    const { buffer } = this.#memory
    this.#state = new Uint32Array(buffer, 0, stateNumbers)
    this.#block = new Float64Array(buffer, blockAt, columns * this.#stride)
    this.bytes = new Uint8Array(buffer, bytesAt)
    this.ways = new Uint8Array(buffer, waysAt, columns)
    this.#ends = new Uint8Array(buffer, endsAt, columns)
  }

  /** Reads on from a column of a row, as far as cells are plain and there is room; returns where in the bytes it ended. */
  read(at: number, column: number, row: number, capacity: number): number {
    const first = this.#firstRow
    this.#rowsBefore = row - first
    const rows = Math.min(capacity - first, this.#blockRows)
    return this.#kernel.readCells(bytesAt + at, column, row - first, rows) - bytesAt
  }

  /** The column that `read` ended before. */
  get column(): number {
    return this.#state[4]
  }

  /** How many rows it came to the end of. */
  get rowsEnded(): number {
    return this.#state[5] - this.#rowsBefore
  }

  /** Where the row starts that it ended in, where it came to the end of others. */
  get rowStart(): number {
    return this.#state[6] - bytesAt
  }

  /** Whether there is no room for that row. */
  isFull(row: number): boolean {
    return row - this.#firstRow === this.#blockRows
  }

  /** Takes over a number that was read elsewhere. */
  put(column: number, row: number, values: Float64Array): void {
    if (this.ways[column] >= undecidedNumber) this.#block[column * this.#stride + row - this.#firstRow] = values[row]
  }

  /** Moves the rows so far into their columns; the row is the next block's first. */
  moveRows(columns: readonly Float64Array[], row: number): void {
    const count = row - this.#firstRow
    for (let column = 0; column < this.ways.length && count > 0; column++) {
      if (this.ways[column] < undecidedNumber) continue
      const from = column * this.#stride
      columns[column].set(this.#block.subarray(from, from + count), this.#firstRow)
    }
    this.#firstRow = row
  }
}
