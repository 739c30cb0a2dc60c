import { option, optionInvalid } from '../core/option.ts'
import { fingerprint } from '../data/fingerprint.ts'
import type { NumberColumn } from '../data/table.ts'
import type { Detector } from '../detector/detector.ts'
import type { LabelledRows } from './labelled-rows.ts'

/** What is kept of a row beside its features. */
const extras = ['time', 'label', 'knownAt', 'card', 'amount', 'weight'] as const

export interface CollectedRow {
  readonly row: Float64Array
  /** Further columns that are not inputs. */
  readonly undelayed?: Float64Array | undefined
  readonly timestampMs: number
  /** NaN where it is unknown. */
  readonly label: number
  readonly knownAtMs: number
  /** Its number, as the collector gave it. */
  readonly card: number
  readonly amount: number
  readonly weight: number
}

/** Rows of a piece of a column, which is as large as all before it together within these bounds. */
const leastPiece = 1024
const largestPiece = 65_536

/** Rows, column by column, in pieces that are joined at the end: to move all rows each time took as long as to read them. */
export class RowCollector {
  readonly #cards = new Map<string, number>()
  /** For each column the pieces that are full. */
  readonly #full: Float64Array[][]
  /** For each column the piece that is being filled, and how far. */
  #columns: Float64Array[]
  #filled = 0
  rowCount = 0
  /** Rows whose label is unknown, which the collector counts. */
  unknown = 0

  constructor(featureCount: number, undelayedCount = 0) {
    this.#full = Array.from({ length: featureCount + extras.length + undelayedCount }, () => [])
    this.#columns = this.#full.map(() => new Float64Array(leastPiece))
  }

  add({ row, undelayed, timestampMs, label, knownAtMs, card, amount, weight }: CollectedRow): void {
    if (this.#filled === this.#columns[0].length) this.#startPieces()
    const columns = this.#columns
    const at = this.#filled++
    this.rowCount++
    for (let feature = 0; feature < row.length; feature++) columns[feature][at] = row[feature]
    columns[row.length][at] = timestampMs
    columns[row.length + 1][at] = label
    columns[row.length + 2][at] = knownAtMs
    columns[row.length + 3][at] = card
    columns[row.length + 4][at] = amount
    columns[row.length + 5][at] = weight
    if (undelayed === undefined) return
    for (let i = 0; i < undelayed.length; i++) columns[row.length + extras.length + i][at] = undelayed[i]
  }

  /** What every reader makes of its rows; what of the rest they have is the reader's own matter. */
  finish(detector: Detector, features: readonly string[]) {
    const columns = this.#columns.map((_, i) => this.#join(i))
    this.#filled = 0
    const [times, labels, knownAt, cards, amounts, weights] = columns.slice(features.length)
    const names = [...features, ...extras]
    const undelayed = columns.splice(names.length)
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
    return { rows, undelayed, knownAt, cards: new Int32Array(cards), weights }
  }

  /** The number of a card, from 0 on in the order in which they are told; -1 for none. */
  cardNumber(card: string | undefined): number {
    if (card === undefined) return -1
    const known = this.#cards.get(card)
    if (known !== undefined) return known
    this.#cards.set(card, this.#cards.size)
    return this.#cards.size - 1
  }

  #startPieces(): void {
    const rows = Math.min(Math.max(this.rowCount, leastPiece), largestPiece)
    this.#columns = this.#columns.map((column, i) => {
      this.#full[i].push(column)
      return new Float64Array(rows)
    })
    this.#filled = 0
  }

  /** A whole column, which takes its pieces' place, so that one column at most is there twice. */
  #join(i: number): Float64Array {
    const column = new Float64Array(this.rowCount)
    let rows = 0
    for (const piece of [...this.#full[i], this.#columns[i].subarray(0, this.#filled)]) {
      column.set(piece, rows)
      rows += piece.length
    }
    this.#full[i] = [column]
    this.#columns[i] = new Float64Array(0)
    return column
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
