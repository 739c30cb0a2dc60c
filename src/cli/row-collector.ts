import type { NumberColumn } from '../data/table.ts'

/** What is kept of a row beside its features. */
const extras = ['time', 'label', 'knownAt', 'card', 'amount', 'weight'] as const

export interface CollectedRow {
  readonly row: Float64Array
  readonly timestampMs: number
  readonly label: number
  readonly knownAtMs: number
  readonly card: string | undefined
  readonly amount: number
  readonly weight: number
}

/** Rows, column by column, in arrays that grow. */
export class RowCollector {
  readonly #cards = new Map<string, number>()
  readonly #columns: Float64Array[]
  rowCount = 0
  /** Rows whose label is unknown, which whoever collects counts. */
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
    columns[row.length + 3][at] = this.#cardNumber(card)
    columns[row.length + 4][at] = amount
    columns[row.length + 5][at] = weight
  }

  /** The features' columns, what is kept beside them, and all of it as the columns of a table. */
  finish(features: readonly string[]) {
    const columns = this.#columns.map((column) => column.subarray(0, this.rowCount))
    const [times, labels, knownAt, cards, amounts, weights] = columns.slice(features.length)
    const names = [...features, ...extras]
    const all = columns.map((values, i): NumberColumn => ({ kind: 'number', name: names[i], values }))
    return { columns: columns.slice(0, features.length), times, labels, knownAt, cards, amounts, weights, all }
  }

  #cardNumber(card: string | undefined): number {
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
