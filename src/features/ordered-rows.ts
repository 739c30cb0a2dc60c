import type { Transaction, TransactionLayout } from '../detector/transaction.ts'
import { type ChunkColumns, readNumbers, readTexts } from './replay-chunk.ts'

/**
 * A chunk's rows in another order than they are stored in; it is the transaction of the row that was read last. Columns are put in
 * order as a whole: the processor then waits for many values at once in place of for each alone. Columns of texts and numbers,
 * which many features don't look at, wait until one does.
 */
export class OrderedRows implements Transaction {
  timestampMs = Number.NaN
  amount = Number.NaN
  readonly #texts: (string | undefined)[]
  readonly #numbers: Float64Array
  #chunk: ChunkColumns | undefined
  #order: Uint32Array = new Uint32Array(0)
  // In that order, as many as the longest chunk so far had.
  #timestampsMs: Float64Array = new Float64Array(0)
  #amounts: Float64Array = new Float64Array(0)
  #frauds: Float64Array = new Float64Array(0)
  readonly #codeColumns: Int32Array[]
  readonly #numberColumns: Float64Array[]
  // Whether those are of this chunk.
  #hasFrauds = false
  #hasTexts = false
  #hasNumbers = false
  #place = -1
  /** The places whose texts and numbers were read. */
  #textsOf = -1
  #numbersOf = -1

  constructor({ texts, numbers }: TransactionLayout) {
    this.#texts = texts.map(() => undefined)
    this.#numbers = new Float64Array(numbers.length)
    this.#codeColumns = texts.map(() => new Int32Array(0))
    this.#numberColumns = numbers.map(() => new Float64Array(0))
  }

  get texts(): readonly (string | undefined)[] {
    if (this.#textsOf !== this.#place) this.#readTexts()
    return this.#texts
  }

  get numbers(): Float64Array {
    if (this.#numbersOf !== this.#place) this.#readNumbers()
    return this.#numbers
  }

  /** When it was known to be fraud; NaN where it is none. */
  get fraudKnownAtMs(): number {
    if (!this.#hasFrauds) this.#orderFrauds()
    return this.#frauds[this.#place]
  }

  /** Takes up a chunk, and the order in which its rows will be read. */
  open(chunk: ChunkColumns, order: Uint32Array): void {
    this.#chunk = chunk
    this.#order = order
    this.#timestampsMs = inOrder(chunk.timestampsMs, order, this.#timestampsMs)
    this.#amounts = inOrder(chunk.amounts, order, this.#amounts)
    this.#hasFrauds = false
    this.#hasTexts = false
    this.#hasNumbers = false
    this.#textsOf = -1
    this.#numbersOf = -1
  }

  /** Reads the row at a place of the order. */
  read(place: number): void {
    this.#place = place
    this.timestampMs = this.#timestampsMs[place]
    this.amount = this.#amounts[place]
  }

  #orderFrauds(): void {
    if (this.#chunk === undefined) return
    this.#frauds = inOrder(this.#chunk.fraudKnownAtMs, this.#order, this.#frauds)
    this.#hasFrauds = true
  }

  #readTexts(): void {
    if (this.#chunk === undefined) return
    const { codes, dictionaries } = this.#chunk
    const columns = this.#codeColumns
    if (!this.#hasTexts)
      for (let i = 0; i < codes.length; i++) columns[i] = codesInOrder(codes[i], this.#order, columns[i])
    this.#hasTexts = true
    this.#textsOf = this.#place
    readTexts(columns, dictionaries, this.#place, this.#texts)
  }

  #readNumbers(): void {
    if (this.#chunk === undefined) return
    const { numbers } = this.#chunk
    const columns = this.#numberColumns
    if (!this.#hasNumbers)
      for (let i = 0; i < numbers.length; i++) columns[i] = inOrder(numbers[i], this.#order, columns[i])
    this.#hasNumbers = true
    this.#numbersOf = this.#place
    readNumbers(columns, this.#place, this.#numbers)
  }
}

/** @param spare is used again where it is long enough. */
function inOrder(values: Float64Array, order: Uint32Array, spare: Float64Array): Float64Array {
  const ordered = spare.length < order.length ? new Float64Array(order.length) : spare
  for (let i = 0; i < order.length; i++) ordered[i] = values[order[i]]
  return ordered
}

function codesInOrder(codes: Int32Array, order: Uint32Array, spare: Int32Array): Int32Array {
  const ordered = spare.length < order.length ? new Int32Array(order.length) : spare
  for (let i = 0; i < order.length; i++) ordered[i] = codes[order[i]]
  return ordered
}
