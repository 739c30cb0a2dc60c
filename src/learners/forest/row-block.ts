import type { ClassRows } from './splitting.ts'

/** What the row numbers of a node point into: all rows of the forest, or copies of those that a node above it has. */
export interface NumberedRows {
  readonly bins: readonly Uint16Array[]
  /** The same row by row, `strideOf` places each; empty of copies, and where all rows are near. */
  readonly byRow: Uint16Array
  readonly count: number
  /** For each row its number among all; undefined where these are all. */
  readonly numbers: Uint32Array | undefined
  /** 0 of all rows, 1 of copies, 2 of copies of copies. */
  readonly level: number
}

/** Row numbers and, beside them, what those rows weigh in a tree: looked up by row they would be far apart. */
export type KeptRows = Pick<ClassRows, 'rows' | 'weights'>

export function keptRows(length: number): KeptRows {
  return { rows: new Uint32Array(length), weights: new Float64Array(length) }
}

/** Where a node has less than such a part of the rows that it lies among, hardly two are in one line of memory. */
export const farApart = 8
/** The bins of so many rows stay in the processor's cache. */
const nearRows = 400_000

/** Whether so many of the rows lie so far apart that copies are worth their making. */
export function areFarApart(rows: number, { count }: Pick<NumberedRows, 'count'>): boolean {
  return count > nearRows && rows * farApart <= count
}

/** How many places a row's bins take: it lies in one line of memory where it has up to 32. */
export function strideOf(features: number): number {
  return Math.ceil(features / 16) * 16
}

/** Rows that are turned at once, from columns to rows or back: they stay in the nearest cache. */
const rowsAtOnce = 64

/** Room for the bins of all rows, row by row; none where they are near, or more than 32 bits can count. */
export function placesByRow(rows: number, features: number): number {
  const places = rows * strideOf(features)
  return rows > nearRows && places <= 2 ** 32 ? places : 0
}

/** Writes the bins of the rows from `from` to before `to` row by row. */
export function arrangeByRow(bins: readonly Uint16Array[], byRow: Uint16Array, from: number, to: number): void {
  const stride = strideOf(bins.length)
  for (let first = from; first < to; first += rowsAtOnce) {
    const end = Math.min(first + rowsAtOnce, to)
    bins.forEach((column, feature) => {
      for (let row = first; row < end; row++) byRow[row * stride + feature] = column[row]
    })
  }
}

/** Copies of a node's rows, side by side, from which all nodes below it grow. */
export class RowBlock {
  readonly #bins: readonly Uint16Array[]
  readonly #numbers: Uint32Array
  readonly #kept: KeptRows

  constructor(features: number, rows: number) {
    this.#bins = Array.from({ length: features }, () => new Uint16Array(rows))
    this.#numbers = new Uint32Array(rows)
    this.#kept = keptRows(rows)
  }

  /** Copies what a node has of both classes, each in its order. */
  copy({ among, legitimate, fraud }: { readonly among: NumberedRows } & Record<'legitimate' | 'fraud', ClassRows>) {
    const middle = legitimate.end - legitimate.start
    const count = middle + fraud.end - fraud.start
    const copies: NumberedRows = {
      bins: this.#bins,
      byRow: new Uint16Array(0),
      count,
      numbers: this.#numbers,
      level: among.level + 1,
    }
    return {
      among: copies,
      legitimate: { ...legitimate, ...this.#kept, ...this.#copyClass(among, legitimate, 0) },
      fraud: { ...fraud, ...this.#kept, ...this.#copyClass(among, fraud, middle) },
    }
  }

  #copyClass(among: NumberedRows, { rows, weights, start, end }: ClassRows, to: number) {
    const { numbers } = among
    const kept = this.#kept
    for (let i = start, at = to; i < end; i++, at++) {
      const row = rows[i]
      this.#numbers[at] = numbers === undefined ? row : numbers[row]
      kept.rows[at] = at
      kept.weights[at] = weights[i]
    }
    for (let from = start; from < end; from += rowsAtOnce) {
      this.#copyBins(among, rows.subarray(from, Math.min(from + rowsAtOnce, end)), to + from - start)
    }
    return { start: to, end: to + end - start }
  }

  #copyBins({ bins, byRow }: NumberedRows, rows: Uint32Array, to: number): void {
    const stride = strideOf(bins.length)
    for (let feature = 0; feature < bins.length; feature++) {
      const copies = this.#bins[feature]
      if (byRow.length === 0) {
        const column = bins[feature]
        for (let i = 0; i < rows.length; i++) copies[to + i] = column[rows[i]]
      } else {
        // A product of doubles takes three times as long.
        for (let i = 0; i < rows.length; i++) copies[to + i] = byRow[(Math.imul(rows[i], stride) >>> 0) + feature]
      }
    }
  }
}
