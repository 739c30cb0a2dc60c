import { shared } from '../core/shared-memory.ts'
import type { CodedTexts, Transaction, TransactionLayout } from '../detector/transaction.ts'

/** A transaction that others are read into. */
export interface OpenTransaction extends Transaction {
  timestampMs: number
  amount: number
  readonly texts: (string | undefined)[]
  readonly numbers: Float64Array
}

export function openTransaction({ texts, numbers }: TransactionLayout): OpenTransaction {
  return {
    timestampMs: Number.NaN,
    amount: Number.NaN,
    texts: texts.map(() => undefined),
    numbers: new Float64Array(numbers.length),
  }
}

/** What a chunk holds, as other threads get it: numbers in shared memory. */
export interface ChunkColumns {
  readonly timestampsMs: Float64Array
  readonly amounts: Float64Array
  readonly numbers: readonly Float64Array[]
  /** The texts of each row by their places in the dictionaries; -1 for a missing one. */
  readonly codes: readonly Int32Array[]
  readonly dictionaries: readonly (readonly string[])[]
  /** When each was known to be fraud; NaN for one that is not, as far as is known. */
  readonly fraudKnownAtMs: Float64Array
  /** How many rows came before this chunk. */
  readonly start: number
  readonly rowCount: number
}

/** The codes of the rows of a table, and which of a chunk's codes each of them is. */
interface TextSource {
  readonly codes: Int32Array
  readonly known: Int32Array
}

/** Transactions of a file in sequence order, with their labels: so many as are replayed at once. */
export class ReplayChunk {
  readonly capacity: number
  readonly #columns: Omit<ChunkColumns, 'dictionaries' | 'start' | 'rowCount'>
  #dictionaries: readonly string[][] = []
  #codeOf: readonly Map<string, number>[] = []
  /** The open table's texts, and which code here each of its codes is; -2 where it is not known yet. */
  #sources: readonly (TextSource | undefined)[] = []
  #rowCount = 0

  constructor({ texts, numbers }: TransactionLayout, capacity: number) {
    this.capacity = capacity
    const column = () => shared(Float64Array, capacity)
    this.#columns = {
      timestampsMs: column(),
      amounts: column(),
      numbers: numbers.map(column),
      codes: texts.map(() => shared(Int32Array, capacity)),
      fraudKnownAtMs: column(),
    }
    this.clear()
  }

  get rowCount(): number {
    return this.#rowCount
  }

  get isFull(): boolean {
    return this.#rowCount === this.capacity
  }

  /** Reads a row into `into`. */
  read(row: number, into: OpenTransaction): void {
    readRow(this.#columns, this.#dictionaries, row, into)
  }

  /** @param start how many rows came before this chunk. */
  columns(start: number): ChunkColumns {
    return { ...this.#columns, dictionaries: this.#dictionaries, start, rowCount: this.#rowCount }
  }

  clear(): void {
    this.#rowCount = 0
    this.#dictionaries = this.#columns.codes.map(() => [])
    this.#codeOf = this.#columns.codes.map(() => new Map())
    this.#sources = this.#columns.codes.map(() => undefined)
  }

  /** Takes up a table, whose rows come next: texts that have codes there need not be looked up row by row. */
  openTable(coded: readonly (CodedTexts | undefined)[]): void {
    this.#sources = coded.map((source) =>
      source === undefined ? undefined : { codes: source.codes, known: new Int32Array(source.texts.length).fill(-2) },
    )
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
    for (let i = 0; i < columns.codes.length; i++)
      columns.codes[i][row] = this.#codeIn(this.#sources[i], index, i, texts[i])
    // Nobody knows before it took place.
    columns.fraudKnownAtMs[row] = Math.max(fraudKnownAtMs, timestampMs)
  }

  #codeIn(source: TextSource | undefined, index: number, i: number, text: string | undefined): number {
    if (source === undefined) return this.#code(i, text)
    const { codes, known } = source
    const theirs = codes[index]
    if (theirs < 0) return -1
    const code = known[theirs]
    if (code !== -2) return code
    known[theirs] = this.#code(i, text)
    return known[theirs]
  }

  #code(i: number, text: string | undefined): number {
    if (text === undefined) return -1
    const known = this.#codeOf[i].get(text)
    if (known !== undefined) return known
    const code = this.#dictionaries[i].push(text) - 1
    this.#codeOf[i].set(text, code)
    return code
  }
}

/** Reads a row of a chunk into `into`. */
export function readRow(
  { timestampsMs, amounts, codes, numbers }: Pick<ChunkColumns, 'timestampsMs' | 'amounts' | 'codes' | 'numbers'>,
  dictionaries: ChunkColumns['dictionaries'],
  row: number,
  into: OpenTransaction,
): void {
  into.timestampMs = timestampsMs[row]
  into.amount = amounts[row]
  for (let i = 0; i < codes.length; i++) into.texts[i] = codes[i][row] < 0 ? undefined : dictionaries[i][codes[i][row]]
  for (let i = 0; i < numbers.length; i++) into.numbers[i] = numbers[i][row]
}
