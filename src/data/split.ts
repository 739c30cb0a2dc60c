import { FraudError } from '../core/errors.ts'
import { createRandom } from '../core/random.ts'
import { everyRow, pickNumbers, rowsWhere } from '../core/rows.ts'
import { sortNumbers } from '../core/sort-numbers.ts'

/** Row numbers, each part ascending. */
export interface Split {
  readonly train: Uint32Array
  readonly test: Uint32Array
}

export interface TimeSplit extends Split {
  /** The first time that belongs to the test part. */
  readonly boundary: number
}

/** Where the test part starts: at a time, or so that it has about this share of the rows. */
export type TimeBoundary = { readonly testFrom: number } | { readonly testShare: number }

/**
 * Rows at or after the boundary are the test part, so rows of one time stay together. OPTION_INVALID where a part would
 * have no row or no fraud.
 */
export function splitByTime(times: Float64Array, labels: Uint8Array, where: TimeBoundary): TimeSplit {
  const boundary = 'testFrom' in where ? where.testFrom : boundaryFor(times, where.testShare)
  const rows = everyRow(times.length)
  const split = {
    train: rowsWhere(rows, (row) => times[row] < boundary),
    test: rowsWhere(rows, (row) => times[row] >= boundary),
  }
  checkParts(split, labels, 'testFrom' in where ? `A test from ${boundary} on` : `A test share of ${where.testShare}`)
  return { ...split, boundary }
}

/** A random part of each class: the same seed gives the same rows. OPTION_INVALID where a part would have no row or fraud. */
export function splitRandom(labels: Uint8Array, { testShare, seed }: { testShare: number; seed: number }): Split {
  const split = drawStratified(everyRow(labels.length), labels, testShare, seed)
  checkParts(split, labels, `A test share of ${testShare}`)
  return split
}

/**
 * Holds the last part of the training rows out, by time, or a random part of each class where there is no time: the
 * model is trained on `first` and calibrated on `last`. Where frauds come in bursts and that part has none, it is longer,
 * up to half of the rows.
 */
export function lastPart(
  train: Uint32Array,
  labels: Uint8Array,
  times: Float64Array | undefined,
  { share, seed }: { share: number; seed: number },
): { readonly first: Uint32Array; readonly last: Uint32Array } {
  for (let longer = share; times !== undefined && longer <= longestShare; longer += 0.1) {
    const split = cutLast(train, labels, times, { share: longer, seed })
    if (split.test.some((row) => labels[row] === 1)) return checkedParts(split, labels, longer)
  }
  return checkedParts(cutLast(train, labels, times, { share, seed }), labels, share)
}

const longestShare = 0.5

function checkedParts(split: Split, labels: Uint8Array, share: number) {
  checkParts(split, labels, `Holding out a share of ${share.toFixed(1)} of the training rows`, 'held-out')
  return { first: split.train, last: split.test }
}

function cutLast(
  train: Uint32Array,
  labels: Uint8Array,
  times: Float64Array | undefined,
  { share, seed }: { share: number; seed: number },
): Split {
  let split: Split
  if (times === undefined) split = drawStratified(train, labels, share, seed)
  else {
    const boundary = boundaryFor(pickNumbers(times, train), share)
    split = {
      train: rowsWhere(train, (row) => times[row] < boundary),
      test: rowsWhere(train, (row) => times[row] >= boundary),
    }
  }
  return split
}

/**
 * The time that leaves about `share` of the rows at or after it: the one of that rank or the next later one, whichever
 * comes nearer, since rows of one time are not divided.
 */
function boundaryFor(times: Float64Array, share: number): number {
  checkShare(share)
  const sorted = sortNumbers(times.slice())
  const wanted = sorted.length - Math.round(sorted.length * share)
  const boundary = sorted[Math.min(wanted, sorted.length - 1)]
  const from = sorted.indexOf(boundary)
  const after = sorted.lastIndexOf(boundary) + 1
  if (after === sorted.length) return boundary
  return from === 0 || after - wanted < wanted - from ? sorted[after] : boundary
}

/** Takes from each class its share of rows, in one pass that keeps their order (Knuth's algorithm S). */
function drawStratified(rows: Uint32Array, labels: Uint8Array, share: number, seed: number): Split {
  checkShare(share)
  const left = [0, 0]
  for (const row of rows) left[labels[row]]++
  // A class of two rows or more is in both parts, however few they are.
  const needed = left.map((count) =>
    Math.max(Math.min(1, count - 1), Math.min(count - 1, Math.round(count * share)), 0),
  )
  const random = createRandom(seed)
  const isTest = new Uint8Array(rows.length)
  for (const [index, row] of rows.entries()) {
    const label = labels[row]
    if (random.uniform() * left[label] < needed[label]) {
      isTest[index] = 1
      needed[label]--
    }
    left[label]--
  }
  return { train: rows.filter((_, index) => isTest[index] === 0), test: rows.filter((_, index) => isTest[index] === 1) }
}

function checkShare(share: number): void {
  if (share > 0 && share < 1) return
  throw new FraudError('OPTION_INVALID', `A share of ${share} can't be split off; it must be between 0 and 1`)
}

function checkParts({ train, test }: Split, labels: Uint8Array, what: string, testName = 'test'): void {
  const parts = [
    { name: 'training', rows: train },
    { name: testName, rows: test },
  ].map(({ name, rows }) => ({ name, rows: rows.length, frauds: rows.reduce((sum, row) => sum + labels[row], 0) }))
  if (parts.every(({ frauds }) => frauds > 0)) return
  const counts = parts.map(({ name, rows, frauds }) => `${rows} ${name} rows with ${frauds} frauds`).join(' and ')
  throw new FraudError(
    'OPTION_INVALID',
    `${what} gives ${counts}; both parts need frauds: split elsewhere, or take a file with more of them`,
  )
}

/**
 * How many test rows equal some training row in every column (give inputs and label, not the time). After a random
 * split such rows make a model look better than it is. Missing equals missing.
 */
export function countRowsOnBothSides(columns: readonly Float64Array[], train: Uint32Array, test: Uint32Array): number {
  const hashes = hashRows(columns)
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * train.length + 2))).fill(-1)
  const mask = slots.length - 1
  const find = (row: number): number => {
    let slot = hashes[row] & mask
    while (slots[slot] >= 0 && !(hashes[slots[slot]] === hashes[row] && areEqual(columns, slots[slot], row))) {
      slot = (slot + 1) & mask
    }
    return slot
  }
  for (const row of train) slots[find(row)] = row
  let count = 0
  for (const row of test) if (slots[find(row)] >= 0) count++
  return count
}

function hashRows(columns: readonly Float64Array[]): Int32Array {
  const hashes = new Int32Array(columns.length === 0 ? 0 : columns[0].length)
  const value = new Float64Array(1)
  const words = new Int32Array(value.buffer)
  for (const column of columns) {
    for (let row = 0; row < hashes.length; row++) {
      // Adding zero turns -0, which equals it, into 0; a missing value must always have the same bits.
      value[0] = Number.isNaN(column[row]) ? Number.NaN : column[row] + 0
      const mixed = Math.imul(hashes[row] ^ words[0], 0x85ebca6b) ^ Math.imul(words[1], 0xc2b2ae35)
      hashes[row] = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) ^ (mixed >>> 13)
    }
  }
  return hashes
}

function areEqual(columns: readonly Float64Array[], one: number, other: number): boolean {
  return columns.every((column) => {
    const a = column[one]
    const b = column[other]
    return a === b || (Number.isNaN(a) && Number.isNaN(b))
  })
}

/** Every so-manieth row, so that about `most` are left. */
export function thin(part: Uint32Array, most: number): Uint32Array {
  const step = Math.ceil(part.length / most)
  return step <= 1 ? part : part.filter((_, i) => i % step === 0)
}
