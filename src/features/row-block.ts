import type { TransactionLayout } from '../detector/transaction.ts'
import { type ChunkColumns, type OpenTransaction, readRow } from './replay-chunk.ts'

const rowsPerBlock = 1024

/**
 * Reads a chunk's rows in another order than they are stored in. They are fetched a block at a time, column by column: the
 * processor then waits for many of them at once in place of for each alone.
 */
export class RowBlock {
  readonly #columns: Pick<ChunkColumns, 'timestampsMs' | 'amounts' | 'codes' | 'numbers'>
  readonly #fraudKnownAtMs = new Float64Array(rowsPerBlock)
  #chunk: ChunkColumns | undefined
  #order: Uint32Array = new Uint32Array(0)
  #from = 0
  #end = 0

  constructor({ texts, numbers }: TransactionLayout) {
    const column = () => new Float64Array(rowsPerBlock)
    this.#columns = {
      timestampsMs: column(),
      amounts: column(),
      numbers: numbers.map(column),
      codes: texts.map(() => new Int32Array(rowsPerBlock)),
    }
  }

  /** Takes up a chunk, and the order in which its rows will be read. */
  open(chunk: ChunkColumns, order: Uint32Array): void {
    this.#chunk = chunk
    this.#order = order
    this.#from = 0
    this.#end = 0
  }

  /** Reads the row at a place of the order into `into`. */
  read(place: number, dictionaries: ChunkColumns['dictionaries'], into: OpenTransaction): void {
    if (place < this.#from || place >= this.#end) this.#fetch(place)
    readRow(this.#columns, dictionaries, place - this.#from, into)
  }

  /** When the row that was read last, at that place, was known to be fraud; NaN for one that is not. */
  fraudKnownAtMs(place: number): number {
    return this.#fraudKnownAtMs[place - this.#from]
  }

  #fetch(from: number): void {
    const chunk = this.#chunk
    if (chunk === undefined) return
    const rows = this.#order.subarray(from, from + rowsPerBlock)
    const { timestampsMs, amounts, codes, numbers } = this.#columns
    gather(chunk.timestampsMs, rows, timestampsMs)
    gather(chunk.amounts, rows, amounts)
    gather(chunk.fraudKnownAtMs, rows, this.#fraudKnownAtMs)
    for (let i = 0; i < numbers.length; i++) gather(chunk.numbers[i], rows, numbers[i])
    for (let i = 0; i < codes.length; i++) gatherCodes(chunk.codes[i], rows, codes[i])
    this.#from = from
    this.#end = from + rows.length
  }
}

function gather(values: Float64Array, rows: Uint32Array, into: Float64Array): void {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i]]
}

function gatherCodes(codes: Int32Array, rows: Uint32Array, into: Int32Array): void {
  for (let i = 0; i < rows.length; i++) into[i] = codes[rows[i]]
}
