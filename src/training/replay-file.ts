import { statSync } from 'node:fs'
import { type Progress, throwIfInterrupted } from '../core/progress.ts'
import { joinBadRows } from '../data/bad-rows.ts'
import { isReadOnce } from '../data/byte-source.ts'
import type { ColumnKind } from '../data/column-kind.ts'
import { type BadRows, openTables } from '../data/read-table.ts'
import type { Table } from '../data/table.ts'
import { TransactionReader } from '../data/transaction-reader.ts'
import { namesOfFile } from '../detector/field-names.ts'
import { ChunkReplay } from '../features/chunk-replay.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import { MemoryHistories } from '../features/memory-histories.ts'
import { Replay } from '../features/replay.ts'
import { gainsByChunks } from '../features/replay-lanes.ts'
import { undelayedPlaces } from '../features/undelayed.ts'
import { readEarlierRows } from './earlier-rows.ts'
import type { FileReplay, ReplayedTransaction, ReplayWork } from './file-replay.ts'
import {
  fileReading,
  type InputRequest,
  nameOf,
  readFileTable,
  readOptions,
  tellNotes,
  warnOfBadRows,
  warnOfSpoiltKeys,
} from './read-input.ts'
import { writeRejects } from './rejects.ts'
import { RepeatedIds, warnOfRepeats } from './repeated-ids.ts'
import { type ReadRow, type ReadTable, replayInChunks } from './replay-chunks.ts'

/** So few that what is made of them is gone before it is collected as old: of more, a command holds 30 MB more. */
const rowsPerTable = 4096
/** In chunks a table has as many rows as a chunk: each looks up its texts once. */
const rowsPerTableInChunks = 131_072
/** From so many rows on threads are worth their start. */
const longRows = 500_000
/** Text of so many rows. */
const longBytes = 40 * 2 ** 20
const noRow = new Float64Array(0)

/** Told where a file's rows turn out not to be in the order of their times. */
class OutOfOrder extends Error {}

/**
 * Replays a file in sequence order, one pass, with the memory of histories alone. A file that is not in the order of
 * its times is read into memory and put in order: `work` then starts again with rows from the start, so one whose
 * doings can't be undone asks for order first (`isSpeculative: false`).
 */
export async function replayFile<Result>(
  replay: FileReplay,
  request: InputRequest,
  run: Progress,
  work: ReplayWork<Result>,
  { isSpeculative = true }: { readonly isSpeculative?: boolean } = {},
): Promise<{ readonly result: Result; readonly badRows: BadRows }> {
  if (replay.isOrdered === false) return replayStream(replay, request, run, work)
  // A stream can't be read twice.
  if (isReadOnce(replay.file) || !isSpeculative || request.history !== undefined)
    return replaySorted(replay, request, run, work)
  try {
    return await replayStream(replay, request, run, work)
  } catch (error) {
    if (!(error instanceof OutOfOrder)) throw error
    run.note('  the rows are not in the order of their times, so all of them are read and sorted')
    return replaySorted(replay, request, run, work)
  }
}

async function replayStream<Result>(
  replay: FileReplay,
  request: InputRequest,
  run: Progress,
  work: ReplayWork<Result>,
) {
  const reader = readerFor(replay, request)
  const progress = run.begin(`replay ${nameOf(replay.file)}`)
  const options = readOptions(request, run)
  const open = openTables(replay.file, {
    ...options,
    columns: { ...options.columns, ...kindsOf(replay, reader) },
    required: request.text ?? [],
    names: namesOfFile(replay.located.detector, replay.features.layout),
    others: replay.others,
    rowsPerTable: goesInChunks(replay) ? rowsPerTableInChunks : rowsPerTable,
    onProgress: ({ bytesRead, bytesTotal }) => bytesTotal !== undefined && progress.update(bytesRead, bytesTotal),
  })
  const rows = { count: 0 }
  const repeats = new RepeatedIds(replay.located.detector, replay.features.layout)
  const result = await work(
    replayTables({ replay, reader, rows, repeats, isLong: isLarge(replay.file) }, open.tables, run.signal),
  )
  progress.end(tellCount(rows.count, replay))
  tellNotes(open.notes(), replay.file, run)
  const badRows = joinBadRows(open.badRows(), reader.badRows())
  warnOfBadRows(badRows, replay.file, run)
  warnOfSpoiltKeys(reader, run)
  tellRepeats(replay, repeats, run)
  await writeRejects(replay.file, badRows.first, request, run)
  return { result, badRows }
}

async function replaySorted<Result>(
  replay: FileReplay,
  request: InputRequest,
  run: Progress,
  work: ReplayWork<Result>,
) {
  const reader = readerFor(replay, request)
  const { table, badRows } = await readFileTable(replay.file, request, run, {
    columns: { ...readOptions(request, run).columns, ...kindsOf(replay, reader) },
    required: request.text ?? [],
    names: namesOfFile(replay.located.detector, replay.features.layout),
    others: replay.others,
  })
  reader.open(table)
  const times = Float64Array.from(
    { length: table.rowCount },
    (_, row) => reader.take(row)?.transaction.timestampMs ?? Number.NaN,
  )
  const usable = times.keys().filter((row) => !Number.isNaN(times[row]))
  const order = Uint32Array.from(usable).sort((a, b) => times[a] - times[b] || a - b)
  warnOfBadRows(reader.badRows(), replay.file, run)
  warnOfSpoiltKeys(reader, run)
  const firstMs = order.length === 0 ? Number.NaN : times[order[0]]
  const before =
    request.history === undefined
      ? undefined
      : await readEarlierRows(request.history, replay, { table, firstMs }, request, run)
  const progress = run.begin('replay')
  const rows = { count: 0 }
  const fresh = readerFor(replay, request)
  const tables = (async function* () {
    yield table
  })()
  const repeats = new RepeatedIds(replay.located.detector, replay.features.layout)
  const result = await work(
    replayTables(
      { replay, reader: fresh, rows, repeats, before, isLong: table.rowCount >= longRows },
      tables,
      run.signal,
      order,
    ),
  )
  progress.end(tellCount(rows.count, replay))
  tellRepeats(replay, repeats, run)
  warnOfBadRows(fresh.badRows(), replay.file, run)
  const all = joinBadRows(joinBadRows(badRows, reader.badRows()), fresh.badRows())
  await writeRejects(replay.file, all.first, request, run)
  return { result, badRows: all }
}

function readerFor({ located, features, file }: FileReplay, request: InputRequest): TransactionReader {
  return new TransactionReader(located, features.layout, fileReading(file, request))
}

/** How the file's reader has to take the columns: ids are texts, however they look. */
function kindsOf({ located, kinds }: FileReplay, reader: TransactionReader): Readonly<Record<string, ColumnKind>> {
  const { id } = located.detector.transaction
  return { ...(id !== undefined && { [id]: 'text' as const }), ...kinds, ...reader.kinds }
}

function tellCount(count: number, { features, makesRows = true }: FileReplay): string {
  return `${count.toLocaleString('en')} transactions${makesRows ? `, ${features.names.length} features` : ''}`
}

function tellRepeats({ located, onRepeat, repeatsAre }: FileReplay, repeats: RepeatedIds, run: Progress): void {
  if (onRepeat !== 'keep') warnOfRepeats(repeats, located.detector.transaction, repeatsAre ?? leftOut, run)
}

/** What becomes of rows that repeat an earlier one. */
export const leftOut = 'they are left out, because a log has each transaction once'

interface TableReplay {
  readonly replay: FileReplay
  readonly reader: TransactionReader
  readonly rows: { count: number }
  readonly repeats: RepeatedIds
  /** Brings earlier rows into the histories. */
  readonly before?: ((replay: Replay) => void) | undefined
  /** Whether it is known to be long before it is read. */
  readonly isLong: boolean
}

function isLarge(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= longBytes
}

/** Whether a file is replayed in chunks, which is where that is faster. */
function goesInChunks({ makesRows = true, isPart = false, features }: FileReplay): boolean {
  return makesRows && !isPart && gainsByChunks(features)
}

/** Whether a replay can say at once what labels that are known at once would change. */
export function comesUndelayed(features: FeatureSet, { history }: InputRequest): boolean {
  return history === undefined && gainsByChunks(features)
}

function replayTables(
  given: TableReplay,
  tables: AsyncIterable<Table>,
  signal: AbortSignal,
  order?: Uint32Array,
): AsyncGenerator<Iterable<ReplayedTransaction>, void> {
  const { replay, before } = given
  const groups = readTables(given, tables, signal, order)
  const { features, located, wantsUndelayed: isUndelayed = false } = replay
  if (before === undefined && goesInChunks(replay))
    return replayInChunks(
      groups,
      given.reader,
      features,
      new ChunkReplay(features, located.detector, { signal, isLong: given.isLong, isUndelayed }),
      isUndelayed ? new Float64Array(undelayedPlaces(features).length) : undefined,
    )
  return replayOneByOne(groups, given)
}

async function* readTables(
  { replay: { onRepeat, isOrdered = true }, reader, rows, repeats }: TableReplay,
  tables: AsyncIterable<Table>,
  signal: AbortSignal,
  order?: Uint32Array,
): AsyncGenerator<ReadTable, void> {
  let newestMs = Number.NEGATIVE_INFINITY
  for await (const table of tables) {
    throwIfInterrupted(signal)
    reader.open(table)
    if (onRepeat !== 'keep') repeats.open(table, { isWhole: order !== undefined })
    yield { table, rows: readTable(table) }
    rows.count += table.rowCount
  }

  function isRepeat(index: number, fileRow: number): boolean {
    const sameAs = onRepeat === 'keep' ? undefined : repeats.check(index)?.sameAs
    if (sameAs === undefined) return false
    if (typeof onRepeat === 'function') onRepeat(fileRow, repeats.fileRowOf(sameAs))
    return true
  }

  function* readTable(table: Table): Generator<ReadRow, void> {
    const count = order?.length ?? table.rowCount
    for (let i = 0; i < count; i++) {
      const index = order === undefined ? i : order[i]
      const fileRow = table.placeOf?.(index) ?? rows.count + index
      const taken = reader.take(index)
      if (taken === undefined || isRepeat(index, fileRow)) continue
      const { transaction, label, knownAtMs } = taken
      if (isOrdered && transaction.timestampMs < newestMs) throw new OutOfOrder()
      newestMs = transaction.timestampMs
      yield { transaction, label, knownAtMs, index, fileRow }
    }
  }
}

async function* replayOneByOne(
  groups: ReturnType<typeof readTables>,
  { replay: { features, makesRows = true }, reader, before }: TableReplay,
): AsyncGenerator<Iterable<ReplayedTransaction>, void> {
  const replay = makesRows ? new Replay(features, new MemoryHistories(features.plan)) : undefined
  if (replay !== undefined) before?.(replay)
  for await (const { table, rows } of groups) yield replayRows(table, rows)

  function* replayRows(table: Table, rows: Iterable<ReadRow>): Generator<ReplayedTransaction, void> {
    for (const { transaction, label, knownAtMs, index, fileRow } of rows) {
      const row = replay?.next(transaction) ?? noRow
      if (label === 1) replay?.label(transaction, { isFraud: true, knownAtMs })
      yield { row, transaction, label, knownAtMs, reader, table, index, fileRow }
    }
  }
}
