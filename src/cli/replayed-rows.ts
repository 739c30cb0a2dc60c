import type { Detector, LocatedDetector } from '../core/detector.ts'
import { FraudError } from '../core/errors.ts'
import { findColumn, numberColumn } from '../data/columns.ts'
import { fingerprint } from '../data/fingerprint.ts'
import type { Table } from '../data/table.ts'
import type { FeatureSet } from '../features/feature-set.ts'
import type { LabelledRows } from './labelled-rows.ts'
import { type InputFlags, nameOf } from './read-input.ts'
import { type ReplayedTransaction, replayFile } from './replay-file.ts'
import { checkWeights } from './row-weights.ts'
import type { Run } from './run.ts'

/** What is kept of a row beside its features. */
const extras = ['time', 'label', 'knownAt', 'card', 'amount', 'weight'] as const

/**
 * The rows of a file as features make them, in sequence order; those whose label is unknown are left out, and counted.
 * With `kept`, one number per labelled row, only rows with a 1 are.
 */
export async function replayedRows(
  located: LocatedDetector,
  features: FeatureSet,
  file: string,
  flags: InputFlags,
  run: Run,
  kept?: Uint8Array,
): Promise<LabelledRows> {
  const { detector } = located
  const { amount, label } = detector.transaction
  const card = cardColumn(detector, flags.by)
  const kinds = card === undefined ? {} : { [card]: 'text' as const }
  const { result, badRows } = await replayFile({ located, features, file, kinds }, flags, run, async (groups) => {
    const collector = new RowCollector(features.names.length, card, flags.weightColumn)
    let labelled = 0
    for await (const group of groups) {
      for (const replayed of group) {
        if (Number.isNaN(replayed.label)) collector.unknown++
        else if (kept === undefined || kept[labelled++] === 1) collector.add(replayed)
      }
    }
    return collector
  })
  if (result.unknown > 0 && kept === undefined)
    run.terminal.warn(`${result.unknown} rows without a label were left out`)
  if (result.rowCount === 0) throw new FraudError('DATA_INVALID', `No row has a label in ${label.field}`)
  const columns = result.columns()
  const inputs = columns.slice(0, features.names.length)
  const [times, labels, knownAt, cards, amounts, weights] = columns.slice(features.names.length)
  const unit = 10 ** (amount?.digits ?? 0)
  const names = [...features.names, ...extras]
  return {
    source: nameOf(file),
    detector,
    fingerprint: fingerprint({
      rowCount: times.length,
      columns: columns.map((values, i) => ({ kind: 'number', name: names[i], values })),
    }),
    features: features.names,
    columns: inputs,
    labels: Uint8Array.from(labels),
    times,
    isoTimes: true,
    ...((label.delay !== undefined || label.knownAt !== undefined) && { knownAt }),
    ...(card !== undefined && { cards: Int32Array.from(cards) }),
    ...(amount !== undefined && { amounts: amounts.map((value) => value / unit) }),
    ...(flags.weightColumn !== undefined && {
      weights: checkWeights(weights, flags.weightColumn),
      weightColumn: flags.weightColumn,
    }),
    badRows,
  }
}

/** The column of the key that alerts are grouped by: the one asked for, or the card, the customer, the first one. */
function cardColumn({ transaction: { keys = {} } }: Detector, by: string | undefined): string | undefined {
  const names = Object.keys(keys)
  const name = by ?? ['card', 'customer'].find((usual) => names.includes(usual)) ?? names[0]
  if (name === undefined || Object.hasOwn(keys, name)) return name === undefined ? undefined : keys[name]
  throw new FraudError('OPTION_INVALID', `--by ${name}: the detector's keys are ${names.join(', ') || 'none'}`)
}

/** Rows, column by column, in arrays that grow. */
class RowCollector {
  readonly #card: string | undefined
  readonly #weight: string | undefined
  readonly #cards = new Map<string, number>()
  readonly #columns: Float64Array[]
  #table: Table | undefined
  #cardOf: (index: number) => string | undefined = () => undefined
  #weights: Float64Array | undefined
  rowCount = 0
  unknown = 0

  constructor(featureCount: number, card: string | undefined, weight: string | undefined) {
    this.#card = card
    this.#weight = weight
    this.#columns = Array.from({ length: featureCount + extras.length }, () => new Float64Array(1024))
  }

  add(replayed: ReplayedTransaction): void {
    const { row, transaction, label, knownAtMs, table, index } = replayed
    if (table !== this.#table) this.#open(table)
    if (this.rowCount === this.#columns[0].length) this.#grow()
    const columns = this.#columns
    const at = this.rowCount++
    for (let feature = 0; feature < row.length; feature++) columns[feature][at] = row[feature]
    columns[row.length][at] = transaction.timestampMs
    columns[row.length + 1][at] = label
    columns[row.length + 2][at] = knownAtMs
    columns[row.length + 3][at] = this.#cardNumber(index)
    columns[row.length + 4][at] = transaction.amount
    columns[row.length + 5][at] = this.#weights === undefined ? 1 : this.#weights[index]
  }

  columns(): readonly Float64Array[] {
    return this.#columns.map((column) => column.subarray(0, this.rowCount))
  }

  #open(table: Table): void {
    this.#table = table
    if (this.#weight !== undefined) this.#weights = numberColumn(table, this.#weight).values
    if (this.#card === undefined) return
    const column = findColumn(table, this.#card)
    if (column.kind === 'text') this.#cardOf = (index) => column.dictionary[column.codes[index]]
  }

  #cardNumber(index: number): number {
    const card = this.#cardOf(index)
    if (card === undefined) return -1
    const known = this.#cards.get(card)
    if (known !== undefined) return known
    this.#cards.set(card, this.#cards.size)
    return this.#cards.size - 1
  }

  #grow(): void {
    for (const [i, column] of this.#columns.entries()) {
      const larger = new Float64Array(Math.ceil(column.length * 1.5))
      larger.set(column)
      this.#columns[i] = larger
    }
  }
}
