import { FraudError } from '../core/errors.ts'
import type { Progress } from '../core/progress.ts'
import { findColumn, numberColumn } from '../data/columns.ts'
import type { Table } from '../data/table.ts'
import type { LocatedDetector } from '../detector/detector.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import type { ReplayedTransaction } from './file-replay.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { type InputRequest, nameOf } from './read-input.ts'
import { replayFile } from './replay-file.ts'
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
  const card = cardColumn(detector, request.by)
  const kinds = card === undefined ? {} : { [card]: 'text' as const }
  const { result, badRows } = await replayFile({ located, features, file, kinds }, request, run, async (groups) => {
    const collector = new RowCollector(features.names.length)
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
          const { row, transaction, label, knownAtMs } = replayed
          const { timestampMs, amount } = transaction
          collector.add({ row, timestampMs, label, knownAtMs, amount, ...beside.of(replayed) })
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
  const { rows, knownAt, cards, weights } = result.finish(detector, features.names)
  return {
    ...rows,
    source: nameOf(file),
    ...(time !== undefined && (label.delay !== undefined || label.knownAt !== undefined) && { knownAt }),
    ...(card !== undefined && { cards }),
    ...(request.weightColumn !== undefined && {
      weights: checkWeights(weights, request.weightColumn),
      weightColumn: request.weightColumn,
    }),
    badRows,
  }
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
