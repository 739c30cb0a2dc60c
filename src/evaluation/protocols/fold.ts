import { FraudError } from '../../core/errors.ts'
import { option } from '../../core/option.ts'
import { knownThen } from '../known-labels.ts'

export const dayMs = 86_400_000

/** Labelled rows in the order of their times, as protocols take them. */
export interface ProtocolRows {
  /** Milliseconds. */
  readonly times: Float64Array
  /** 1 fraud, 0 legitimate. */
  readonly labels: Uint8Array
  /** A number for each card; -1 where it is missing. */
  readonly cards?: Int32Array
  /** When each label became known. */
  readonly knownAt?: Float64Array
  /** The amounts in major units. */
  readonly amounts?: Float64Array
  readonly weights?: Float64Array
}

export interface FoldPlan {
  readonly trainMs: number
  /** Between training and test: nobody knows labels that young. */
  readonly delayMs: number
  readonly testMs: number
  /** Whether cards that are known to be compromised leave the test: their holders have new ones. */
  readonly removesKnown: boolean
}

/** One training period and the test that follows it. */
export interface Fold {
  readonly startMs: number
  readonly testStartMs: number
  readonly train: Uint32Array
  readonly test: Uint32Array
}

/**
 * Training rows lie in [start, start + train), test rows in [start + train + delay, ... + test). On each day of the
 * test, 24 hours from its first instant on, all rows of cards are left out that had a fraud since the start of training
 * that is known when the day begins: by its own label's date, or else by the delay.
 */
export function makeFold(rows: ProtocolRows, startMs: number, plan: FoldPlan): Fold {
  const { times, labels, cards, knownAt } = rows
  const trainEnd = startMs + plan.trainMs
  const testStartMs = trainEnd + plan.delayMs
  const testEnd = testStartMs + plan.testMs
  const indices = Uint32Array.from(times.keys())
  const period = indices.filter((row) => times[row] >= startMs && times[row] < trainEnd)
  const train = knownAt === undefined ? period : knownThen(period, { times, labels, knownAt }, testStartMs)
  const compromisedFrom = new Map<number, number>()
  if (plan.removesKnown && cards !== undefined) {
    times.forEach((time, row) => {
      if (labels[row] === 0 || time < startMs || time >= testEnd || cards[row] < 0) return
      // A label of the very instant at which a day begins is known on that day; the book's days of delay are whole
      // ones.
      const from = knownAt === undefined ? time + plan.delayMs + 1 : knownAt[row]
      compromisedFrom.set(cards[row], Math.min(from, compromisedFrom.get(cards[row]) ?? Number.POSITIVE_INFINITY))
    })
  }
  const test = indices.filter((row) => {
    if (times[row] < testStartMs || times[row] >= testEnd) return false
    const dayStart = testStartMs + Math.floor((times[row] - testStartMs) / dayMs) * dayMs
    const compromised = cards === undefined ? undefined : compromisedFrom.get(cards[row])
    return compromised === undefined || compromised > dayStart
  })
  const fold = { startMs, testStartMs, train, test }
  refuseEmpty(rows, fold, period.length - train.length)
  return fold
}

function refuseEmpty(
  { times, labels }: ProtocolRows,
  { startMs, testStartMs, train, test }: Fold,
  unknownThen: number,
): void {
  const unknown = unknownThen === 0 ? '' : ` beside ${unknownThen} whose label was not known when the test began`
  for (const [name, part, from, beside] of [
    ['training', train, startMs, unknown],
    ['test', test, testStartMs, ''],
  ] as const) {
    const frauds = part.reduce((sum, row) => sum + labels[row], 0)
    if (frauds > 0 && frauds < part.length) continue
    const extent = `${showDay(times[0])} to ${showDay(times[times.length - 1])}`
    throw new FraudError(
      'OPTION_INVALID',
      `The ${name} period from ${showDay(from)} on has ${part.length} rows with ${frauds} frauds${beside}, and both ` +
        `classes are needed; the data cover ${extent}: change ${option('train')}, ${option('delay')}, ${option('test')} or ${option('folds')}`,
    )
  }
}

export function showDay(timestampMs: number): string {
  return new Date(timestampMs).toISOString().slice(0, 10)
}
