import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import { everyRow, rowsWhere } from '../core/rows.ts'
import { findColumn, numberColumn } from '../data/columns.ts'
import type { Table } from '../data/table.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import { undelayedPlaces } from '../features/undelayed.ts'
import type { ReplayedTransaction } from './file-replay.ts'
import { type LabelledRows, pickRows } from './labelled-rows.ts'
import { type InputRequest, nameOf } from './read-input.ts'
import { comesUndelayed, replayFile } from './replay-file.ts'
import { cardColumn, RowCollector, withoutLabelsHint } from './row-collector.ts'
import { checkWeights } from './row-weights.ts'
import { UnlistedValues } from './unlisted-values.ts'

/**
 * The rows of a file as features make them, in sequence order; those whose label is unknown are left out, and counted.
 * With `kept`, one number per labelled row, only rows with a 1 are.
 */
export async function replayedRows(
  located: LocatedDetector,
  features: FeatureSet,
  file: string,
  request: InputRequest,
  run: Progress,
  kept?: Uint8Array,
): Promise<LabelledRows> {
  const { detector } = located
  const { label, time } = detector.transaction
  const isDelayed = time !== undefined && (label.delay !== undefined || label.knownAt !== undefined)
  const undelayedAt = isDelayed && comesUndelayed(features, request) ? undelayedPlaces(features) : new Uint32Array(0)
  const card = cardColumn(detector, request.by)
  const kinds = card === undefined ? {} : { [card]: 'text' as const }
  const replay = { located, features, file, kinds, wantsUndelayed: undelayedAt.length > 0 }
  const { result, badRows } = await replayFile(replay, request, run, async (groups) => {
    const collector = new RowCollector(features.names.length, undelayedAt.length)
    const beside = new ColumnsBeside(card, request.weightColumn, (text) => collector.cardNumber(text))
    const unlisted = new UnlistedValues(features)
    let labelled = 0
    for await (const group of groups) {
      for (const replayed of group) {
        unlisted.count(replayed.transaction)
        const isUnknown = Number.isNaN(replayed.label)
        if (isUnknown) collector.unknown++
        if (isUnknown && request.keepsUnlabelled !== true) continue
        if (kept === undefined || kept[labelled++] === 1) {
          const { row, undelayed, transaction, label, knownAtMs } = replayed
          const { timestampMs, amount } = transaction
          collector.add({ row, undelayed, timestampMs, label, knownAtMs, amount, ...beside.of(replayed) })
        }
      }
    }
    unlisted.tell(run)
    return collector
  })
  if (result.unknown > 0 && kept === undefined && request.keepsUnlabelled !== true)
    run.warn(`${result.unknown} rows without a label were left out`)
  if (result.rowCount === 0)
    throw new FraudError('DATA_INVALID', `No row has a label in ${label.field}`, { hint: withoutLabelsHint })
  const { rows: inputs, undelayed, knownAt, cards, weights } = result.finish(detector, features.names)
  const rows = {
    ...inputs,
    source: nameOf(file),
    ...(isDelayed && { knownAt }),
    ...(card !== undefined && { cards }),
    ...(request.weightColumn !== undefined && {
      weights: checkWeights(weights, request.weightColumn),
      weightColumn: request.weightColumn,
    }),
    badRows,
  }
  if (undelayed.length === 0) return rows
  const changed = new Map(undelayed.map((column, i) => [undelayedAt[i], column]))
  return { ...rows, undelayed: async (kept) => pickUndelayed(rows, changed, kept) }
}

/** Rows of a mask, a number for each that has a label, with some columns in other columns' places. */
function pickUndelayed(rows: LabelledRows, changed: ReadonlyMap<number, Float64Array>, kept: Uint8Array): LabelledRows {
  const { unlabelled, knownAt: _, ...given } = rows
  const columns = rows.columns.map((column, i) => changed.get(i) ?? column)
  let labelled = 0
  const isKept = (row: number) => unlabelled?.[row] !== 1 && kept[labelled++] === 1
  return pickRows({ ...given, columns }, rowsWhere(everyRow(rows.labels.length), isKept))
}

/** What a table has of a row that is no part of the transaction. */
class ColumnsBeside {
  readonly #card: string | undefined
  readonly #weight: string | undefined
  #table: Table | undefined
  readonly #numberOf: (card: string) => number
  #cardOf: (index: number) => number = () => -1
  #weights: Float64Array | undefined

  /** @param numberOf the number of a card. */
  constructor(card: string | undefined, weight: string | undefined, numberOf: (card: string) => number) {
    this.#card = card
    this.#weight = weight
    this.#numberOf = numberOf
  }

  of({ table, index }: ReplayedTransaction): { readonly card: number; readonly weight: number } {
    if (table !== this.#table) this.#open(table)
    return { card: this.#cardOf(index), weight: this.#weights === undefined ? 1 : this.#weights[index] }
  }

  #open(table: Table): void {
    this.#table = table
    if (this.#weight !== undefined) this.#weights = numberColumn(table, this.#weight).values
    if (this.#card === undefined) return
    const column = findColumn(table, this.#card)
    if (column.kind !== 'text') return
    const { codes, dictionary } = column
    // Each card of a table is looked up once.
    const numbers = new Int32Array(dictionary.length).fill(-1)
    this.#cardOf = (index) => {
      const code = codes[index]
      if (code >= 0 && numbers[code] < 0) numbers[code] = this.#numberOf(dictionary[code])
      return code < 0 ? -1 : numbers[code]
    }
  }
}
