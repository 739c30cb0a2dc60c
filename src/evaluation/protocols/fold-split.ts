import { FraudError } from '../../core/errors.ts'
import { dayMs } from './card-precision.ts'
import type { ProtocolRows } from './protocol-rows.ts'

/** How long a fold trains, waits for labels and tests. */
export interface FoldLengths {
  readonly trainMs: number
  readonly delayMs: number
  readonly testMs: number
}

/** When a fold trains and tests; the ends are not part of it. */
export interface FoldPeriod {
  readonly trainFrom: number
  readonly trainTo: number
  readonly testFrom: number
  readonly testTo: number
}

export function foldPeriod(trainFrom: number, { trainMs, delayMs, testMs }: FoldLengths): FoldPeriod {
  const trainTo = trainFrom + trainMs
  const testFrom = trainTo + delayMs
  return { trainFrom, trainTo, testFrom, testTo: testFrom + testMs }
}

export interface FoldRows {
  readonly train: Uint32Array
  readonly test: Uint32Array
  /** Rows of the training period whose label was not known when the test began. */
  readonly unknownThen: number
  /** Rows of the test period whose card was known to be compromised before their day began. */
  readonly compromised: number
}

/**
 * Training rows are those of the period whose label was known when the test began. From each test day (24 hours, from the
 * first test instant) go the rows of cards with a fraud since training began that was known before that day: such a
 * card is blocked, and to find it again is no merit. A label is known at `knownAt`, else one delay after its
 * transaction.
 */
export function splitFold(
  rows: ProtocolRows,
  period: FoldPeriod,
  { keepCompromised = false }: { readonly keepCompromised?: boolean } = {},
): FoldRows {
  const { times, labels, cards } = rows
  const { trainFrom, trainTo, testFrom, testTo } = period
  const knownAt = (row: number) => rows.knownAt?.[row] ?? times[row] + testFrom - trainTo
  const blockedFrom = new Map<number, number>()
  const inPeriod: number[] = []
  const inTest: number[] = []
  for (let row = 0; row < times.length; row++) {
    const time = times[row]
    if (time < trainFrom || time >= testTo) continue
    if (time < trainTo) inPeriod.push(row)
    else if (time >= testFrom) inTest.push(row)
    if (cards === undefined || cards[row] < 0 || labels[row] === 0) continue
    const known = knownAt(row)
    if (known < (blockedFrom.get(cards[row]) ?? Number.POSITIVE_INFINITY)) blockedFrom.set(cards[row], known)
  }
  const isOpen = (row: number) => {
    const blocked = cards && blockedFrom.get(cards[row])
    return blocked === undefined || blocked >= testFrom + Math.floor((times[row] - testFrom) / dayMs) * dayMs
  }
  const train = inPeriod.filter((row) => knownAt(row) <= testFrom)
  const test = keepCompromised ? inTest : inTest.filter(isOpen)
  return {
    train: Uint32Array.from(train),
    test: Uint32Array.from(test),
    unknownThen: inPeriod.length - train.length,
    compromised: inTest.length - test.length,
  }
}

/** The first and the last time of the rows. Throws DATA_INVALID where there is none. */
export function dataExtent({ times }: ProtocolRows): { readonly from: number; readonly to: number } {
  if (times.length === 0) throw new FraudError('DATA_INVALID', 'There is no row to evaluate on')
  return {
    from: times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY),
    to: times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY),
  }
}

export function describeExtent(rows: ProtocolRows): string {
  const { from, to } = dataExtent(rows)
  return `the data runs from ${isoTime(from)} to ${isoTime(to)}`
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

export function countFrauds(labels: Uint8Array, rows: Uint32Array): number {
  return rows.reduce((frauds, row) => frauds + labels[row], 0)
}
