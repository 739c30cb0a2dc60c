import { shared } from '../core/shared-memory.ts'
import type { CodedTexts, Transaction, TransactionLayout } from '../detector/transaction.ts'
import { type AddedTexts, ChunkTexts } from './chunk-texts.ts'

/** The transaction of the row of a chunk that was read last. Its texts, which few look at, are looked up where one does. */
export class OpenTransaction implements Transaction {
  timestampMs = Number.NaN
  amount = Number.NaN
  readonly numbers: Float64Array
  declare readonly texts: readonly (string | undefined)[]
  readonly #texts: (string | undefined)[]
  #codes: readonly Int32Array[] = []
  #dictionaries: readonly (readonly string[])[] = []
  #row = -1
  #hasTexts = false

  constructor({ texts, numbers }: TransactionLayout) {
    this.numbers = new Float64Array(numbers.length)
    this.#texts = texts.map(() => undefined)
    // Of the object itself, so that a copy of it has them, too.
    Object.defineProperty(this, 'texts', { enumerable: true, get: () => this.#readTexts() })
  }

  #readTexts(): readonly (string | undefined)[] {
    if (!this.#hasTexts) readTexts(this.#codes, this.#dictionaries, this.#row, this.#texts)
    this.#hasTexts = true
    return this.#texts
  }

  read(
    { timestampsMs, amounts, codes, numbers }: Omit<SharedColumns, 'start' | 'rowCount'>,
    dictionaries: readonly (readonly string[])[],
    row: number,
  ): void {
    this.timestampMs = timestampsMs[row]
    this.amount = amounts[row]
    readNumbers(numbers, row, this.numbers)
    this.#codes = codes
    this.#dictionaries = dictionaries
    this.#row = row
    this.#hasTexts = false
  }
}

/** What a chunk holds in shared memory, where all threads see it. */
interface SharedColumns {
  readonly timestampsMs: Float64Array
  readonly amounts: Float64Array
  readonly numbers: readonly Float64Array[]
  /** The texts of each row by their places in the dictionaries; -1 for a missing one. */
  readonly codes: readonly Int32Array[]
  /** When each was known to be fraud; NaN for one that is not, as far as is known. */
  readonly fraudKnownAtMs: Float64Array
  /** How many rows came before this chunk. */
  readonly start: number
  readonly rowCount: number
}

/** A chunk as other threads get it, with the texts that no chunk before had. */
export interface SentChunk extends SharedColumns {
  readonly added: readonly AddedTexts[]
}

/** A chunk as it is replayed. */
export interface ChunkColumns extends SharedColumns {
  readonly dictionaries: readonly (readonly string[])[]
}

/** Transactions of a file in sequence order, with their labels: so many as are replayed at once. */
export class ReplayChunk {
  readonly capacity: number
  readonly #columns: Omit<SharedColumns, 'start' | 'rowCount'>
  #texts: ChunkTexts
  /** How many texts there were before this chunk's. */
  #textsBefore: readonly number[] = []
  #rowCount = 0

  constructor(layout: TransactionLayout, capacity: number) {
    this.capacity = capacity
    const column = () => shared(Float64Array, capacity)
    this.#columns = {
      timestampsMs: column(),
      amounts: column(),
      numbers: layout.numbers.map(column),
      codes: layout.texts.map(() => shared(Int32Array, capacity)),
      fraudKnownAtMs: column(),
    }
    this.#texts = new ChunkTexts(layout)
    this.open(this.#texts)
  }

  get rowCount(): number {
    return this.#rowCount
  }

  get isFull(): boolean {
    return this.#rowCount === this.capacity
  }

  /** Reads a row into `into`. */
  read(row: number, into: OpenTransaction): void {
    into.read(this.#columns, this.#texts.dictionaries, row)
  }

  /** @param start how many rows came before this chunk. */
  toSend(start: number): SentChunk {
    const added = this.#texts.dictionaries.map((texts, i) => {
      const from = this.#textsBefore[i]
      return { from, texts: texts.slice(from) }
    })
    return { ...this.#columns, added, start, rowCount: this.#rowCount }
  }

  /** Begins anew, with texts that chunks before may have, too. */
  open(texts: ChunkTexts): void {
    this.#rowCount = 0
    this.#texts = texts
    this.#textsBefore = texts.dictionaries.map(({ length }) => length)
  }

  /** Takes up a table, whose rows come next: texts that have codes there need not be looked up row by row. */
  openTable(coded: readonly (CodedTexts | undefined)[]): void {
    this.#texts.openTable(coded)
  }

  /**
   * @param fraudKnownAtMs when it was known to be fraud; NaN otherwise.
   * @param index the row of the open table.
   */
  add({ timestampMs, amount, texts, numbers }: Transaction, fraudKnownAtMs: number, index = -1): void {
    const row = this.#rowCount++
    const columns = this.#columns
    columns.timestampsMs[row] = timestampMs
    columns.amounts[row] = amount
    for (let i = 0; i < columns.numbers.length; i++) columns.numbers[i][row] = numbers[i]
    for (let i = 0; i < columns.codes.length; i++) columns.codes[i][row] = this.#texts.code(i, index, texts[i])
    // Nobody knows before it took place.
    columns.fraudKnownAtMs[row] = Math.max(fraudKnownAtMs, timestampMs)
  }
}

export function readTexts(
  codes: ChunkColumns['codes'],
  dictionaries: ChunkColumns['dictionaries'],
  row: number,
  into: (string | undefined)[],
): void {
  for (let i = 0; i < codes.length; i++) into[i] = codes[i][row] < 0 ? undefined : dictionaries[i][codes[i][row]]
}

export function readNumbers(columns: ChunkColumns['numbers'], row: number, into: Float64Array): void {
  for (let i = 0; i < columns.length; i++) into[i] = columns[i][row]
}
