import type { Progress } from '../core/progress.ts'
import { textReader } from '../data/columns.ts'
import { type EventIdentity, type FoundRepeats, ShuffledEvents, type StoredEvent } from '../data/shuffled-events.ts'
import { type Table, tellRow } from '../data/table.ts'
import type { FileReplay, ReplayedTransaction } from './file-replay.ts'
import type { InputRequest } from './read-input.ts'
import { contentColumns, mostExamples, shownId, warnOfRepeats } from './repeated-ids.ts'
import { leftOut, replayFile } from './replay-file.ts'
import { hashRows } from './row-hash.ts'

export interface Shuffle {
  /** Empty, or not there yet; what is written there holds the file's transactions, and is gone at the end. */
  readonly folder: string
  /** Into how many files each key's events are divided; by the number of events by default. */
  readonly buckets?: number | undefined
  /** How many processes work at a time. */
  readonly processes: number
  /** Of each process, for DuckDB; what is more goes to the folder. */
  readonly memoryMb: number
  /** What the processes' Node is started with. */
  readonly nodeFlags: readonly string[]
}

/**
 * Reads the file once, and keeps its transactions on disk: how many there are.
 *
 * @param findRepeats looks for repeated ids among what was kept.
 */
export async function storeEvents(
  replay: FileReplay,
  request: InputRequest,
  run: Progress,
  { folder, memoryMb }: Shuffle,
  findRepeats: (mostExamples: number) => Promise<FoundRepeats>,
): Promise<number> {
  const { detector } = replay.located
  const { id } = detector.transaction
  const compared = contentColumns(detector, replay.features.layout)
  let placeOf: (row: number, line: number) => string = (row) => `row ${row + 1}`

  async function* identified(groups: AsyncIterable<Iterable<ReplayedTransaction>>) {
    for await (const group of groups) yield identify(group)
  }

  function openTable(table: Table) {
    const { lineOf, tellLine } = table
    placeOf = (row, line) =>
      lineOf === undefined ? tellRow({}, row) : tellRow({ lineOf: () => line, ...(tellLine && { tellLine }) }, row)
    return {
      hashes: hashRows(
        table.columns.filter(({ name }) => compared.has(name)),
        table.rowCount,
      ),
      idOf: id === undefined ? () => undefined : textReader(table, id),
    }
  }

  function* identify(group: Iterable<ReplayedTransaction>): Generator<readonly [StoredEvent, EventIdentity]> {
    let opened: ReturnType<typeof openTable> | undefined
    for (const { transaction, label, knownAtMs, table, index, fileRow } of group) {
      opened ??= openTable(table)
      const { hashes, idOf } = opened
      yield [
        { ...transaction, row: fileRow, label, knownAtMs },
        {
          id: idOf(index),
          low: hashes.low[index],
          high: hashes.high[index],
          line: table.lineOf?.(index) ?? Number.NaN,
        },
      ]
    }
  }

  const storing: FileReplay = { ...replay, makesRows: false, onRepeat: 'keep', isOrdered: false }
  const { texts, numbers } = replay.features.layout
  const events = await ShuffledEvents.open(folder, { texts: texts.length, numbers: numbers.length }, memoryMb / 4)
  try {
    await replayFile(storing, request, run, (groups) => events.write(identified(groups)))
  } finally {
    events.close()
  }
  const found = await findRepeats(mostExamples)
  tellRepeats(found)
  return found.kept

  function tellRepeats({ same, other, examples }: FoundRepeats): void {
    const lines = new Map(
      examples.flatMap(({ row, line, first, firstLine }) => [
        [row, line],
        [first, firstLine],
      ]),
    )
    const repeats = {
      same,
      other,
      examples: examples.map(({ id, row, first }) => ({ id: shownId(detector, id), row, first, fields: [] })),
      placeOf: (row: number) => placeOf(row, lines.get(row) ?? Number.NaN),
    }
    warnOfRepeats(repeats, detector.transaction, replay.repeatsAre ?? leftOut, run)
  }
}
