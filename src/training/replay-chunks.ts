import type { Table } from '../data/table.ts'
import type { FileTransaction, TransactionReader } from '../data/transaction-reader.ts'
import type { ChunkReplay, ReplayedChunk } from '../features/chunk-replay.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import { OpenTransaction } from '../features/replay-chunk.ts'
import type { ReplayedTransaction } from './file-replay.ts'

/** Whoever gathers a group's rows needs no more memory than for a small table's. */
const rowsPerGroup = 16_384

/** A row that is read, and where the file has it. */
export interface ReadRow extends FileTransaction {
  readonly index: number
  readonly fileRow: number
}

/** A table's rows, which are to be gone through once. */
export interface ReadTable {
  readonly table: Table
  readonly rows: Iterable<ReadRow>
}

/** A chunk of rows with what features don't look at, and the tables that it is of. */
class FilledChunk {
  readonly chunk: ReplayedChunk
  readonly #labels: Float64Array
  readonly #knownAtMs: Float64Array
  readonly #indices: Uint32Array
  readonly #fileRows: Float64Array
  /** Each table with the row of the chunk that it ends before. */
  readonly parts: { readonly table: Table; readonly end: number }[] = []
  done: Promise<void> = Promise.resolve()

  constructor(chunk: ReplayedChunk) {
    this.chunk = chunk
    const { capacity } = chunk.input
    this.#labels = new Float64Array(capacity)
    this.#knownAtMs = new Float64Array(capacity)
    this.#indices = new Uint32Array(capacity)
    this.#fileRows = new Float64Array(capacity)
  }

  add({ transaction, label, knownAtMs, index, fileRow }: ReadRow): void {
    const { input } = this.chunk
    const at = input.rowCount
    this.#labels[at] = label
    this.#knownAtMs[at] = knownAtMs
    this.#indices[at] = index
    this.#fileRows[at] = fileRow
    input.add(transaction, label === 1 ? knownAtMs : Number.NaN, index)
  }

  /** Notes that the rows so far are of this table, as far as they are not of one before. */
  endPart(table: Table): void {
    const end = this.chunk.input.rowCount
    if (end > (this.parts.at(-1)?.end ?? 0)) this.parts.push({ table, end })
  }

  /** Says of a row what the chunk's own columns don't. */
  readPlace(at: number, into: OpenRow): void {
    into.label = this.#labels[at]
    into.knownAtMs = this.#knownAtMs[at]
    into.index = this.#indices[at]
    into.fileRow = this.#fileRows[at]
  }
}

/** One record for all rows of a group: nobody keeps it past the next one. */
type OpenRow = { -readonly [Name in keyof ReplayedTransaction]: ReplayedTransaction[Name] }

/**
 * Replays in chunks: while one is computed, the one before is given out and the next one read.
 *
 * @param undelayed what takes those values, where they are wanted.
 */
export async function* replayInChunks(
  groups: AsyncIterable<ReadTable>,
  reader: TransactionReader,
  { layout, names }: FeatureSet,
  replay: ChunkReplay,
  undelayed?: Float64Array,
): AsyncGenerator<Iterable<ReplayedTransaction>, void> {
  const transaction = new OpenTransaction(layout)
  const row = new Float64Array(names.length)
  let last: FilledChunk | undefined
  try {
    for await (const filled of fill(groups, reader, replay)) {
      filled.done = replay.replay(filled.chunk)
      // Whoever waits for it hears of it.
      filled.done.catch(() => {})
      if (last !== undefined) yield* give(last)
      last = filled
    }
    if (last !== undefined) yield* give(last)
  } finally {
    await replay.close()
  }

  async function* give(filled: FilledChunk) {
    await filled.done
    let from = 0
    for (const { table, end } of filled.parts) {
      for (; from < end; from = Math.min(end, from + rowsPerGroup)) {
        yield rowsOf(filled, table, from, Math.min(end, from + rowsPerGroup))
      }
    }
    replay.release(filled.chunk)
  }

  function* rowsOf(filled: FilledChunk, table: Table, from: number, end: number): Generator<ReplayedTransaction, void> {
    const open: OpenRow = { row, undelayed, transaction, reader, table, label: 0, knownAtMs: 0, index: 0, fileRow: 0 }
    for (let at = from; at < end; at++) {
      replay.read(filled.chunk, at, transaction, row)
      if (undelayed !== undefined) replay.readUndelayed(filled.chunk, at, transaction, row, undelayed)
      filled.readPlace(at, open)
      yield open
    }
  }
}

async function* fill(
  groups: AsyncIterable<ReadTable>,
  reader: TransactionReader,
  replay: ChunkReplay,
): AsyncGenerator<FilledChunk, void> {
  let filled = new FilledChunk(replay.open())
  for await (const { table, rows } of groups) {
    filled.chunk.input.openTable(reader.codedTexts())
    for (const row of rows) {
      filled.add(row)
      if (!filled.chunk.input.isFull) continue
      filled.endPart(table)
      yield filled
      filled = new FilledChunk(replay.open())
      filled.chunk.input.openTable(reader.codedTexts())
    }
    filled.endPart(table)
  }
  if (filled.chunk.input.rowCount > 0) yield filled
}
