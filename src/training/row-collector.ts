import { option, optionInvalid } from '../core/option.ts'
import { fingerprint } from '../data/fingerprint.ts'
import type { NumberColumn } from '../data/table.ts'
import type { Detector } from '../detector/detector.ts'
import type { LabelledRows } from './labelled-rows.ts'

/** What is kept of a row beside its features. */
const extras = ['time', 'label', 'knownAt', 'card', 'amount', 'weight'] as const

export interface CollectedRow {
  readonly row: Float64Array
  readonly timestampMs: number
  /** NaN where it is unknown. */
  readonly label: number
  readonly knownAtMs: number
  /** Its number, as the collector gave it. */
  readonly card: number
  readonly amount: number
  readonly weight: number
}

/** Rows, column by column, in arrays that grow. */
export class RowCollector {
  readonly #cards = new Map<string, number>()
  readonly #columns: Float64Array[]
  rowCount = 0
  /** Rows whose label is unknown, which the collector counts. */
  unknown = 0

  constructor(featureCount: number) {
    this.#columns = Array.from({ length: featureCount + extras.length }, () => new Float64Array(1024))
  }

  add({ row, timestampMs, label, knownAtMs, card, amount, weight }: CollectedRow): void {
    if (this.rowCount === this.#columns[0].length) this.#grow()
    const columns = this.#columns
    const at = this.rowCount++
    for (let feature = 0; feature < row.length; feature++) columns[feature][at] = row[feature]
    columns[row.length][at] = timestampMs
    columns[row.length + 1][at] = label
    columns[row.length + 2][at] = knownAtMs
    columns[row.length + 3][at] = card
    columns[row.length + 4][at] = amount
    columns[row.length + 5][at] = weight
  }

  /** What every reader makes of its rows; what of the rest they have is the reader's own matter. */
  finish(detector: Detector, features: readonly string[]) {
    const columns = this.#columns.map((column) => column.subarray(0, this.rowCount))
    const [times, labels, knownAt, cards, amounts, weights] = columns.slice(features.length)
    const names = [...features, ...extras]
    const all = columns.map((values, i): NumberColumn => ({ kind: 'number', name: names[i], values }))
    const { amount, time } = detector.transaction
    const unit = 10 ** (amount?.digits ?? 0)
    const rows = {
      detector,
      fingerprint: fingerprint({ rowCount: times.length, columns: all }),
      features,
      columns: columns.slice(0, features.length),
      labels: new Uint8Array(labels),
      ...unlabelledAmong(labels),
      ...(time !== undefined && { times }),
      isoTimes: true,
      ...(amount !== undefined && { amounts: amounts.map((value) => value / unit) }),
    }
    return { rows, knownAt, cards: new Int32Array(cards), weights }
  }

  /** The number of a card, from 0 on in the order in which they are told; -1 for none. */
  cardNumber(card: string | undefined): number {
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

/** What to do where there are no labels. */
export const withoutLabelsHint = `without labels an isolation forest can learn what is usual: ${option('learner')} isolation-forest`

/** Marks the rows whose label is NaN. */
export function unlabelledAmong(labels: Float64Array): Pick<LabelledRows, 'unlabelled'> {
  if (!labels.includes(Number.NaN)) return {}
  return { unlabelled: Uint8Array.from(labels, (label) => Number(Number.isNaN(label))) }
}

/** The column of the key that alerts are grouped by: the one asked for, or the card, the customer, the first one. */
export function cardColumn({ transaction: { keys = {} } }: Detector, by: string | undefined): string | undefined {
  const names = Object.keys(keys)
  const name = by ?? ['card', 'customer'].find((usual) => names.includes(usual)) ?? names[0]
  if (name === undefined || Object.hasOwn(keys, name)) return name === undefined ? undefined : keys[name]
  throw optionInvalid('by', `${name}: the detector's keys are ${names.join(', ') || 'none'}`)
}
