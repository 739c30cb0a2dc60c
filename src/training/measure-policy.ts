import { pickNumbers } from '../core/rows.ts'
import { timeReader } from '../core/time-formats.ts'
import { policyOf } from '../decisioning/policy.ts'
import type { Detector } from '../detector/detector.ts'
import { type PolicyFigures, policyFigures, type TestDays } from '../evaluation/policy-figures.ts'
import { testDays } from '../evaluation/test-days.ts'
import { comparableAmounts, type LabelledRows } from './labelled-rows.ts'
import type { ScoredRows } from './scored-rows.ts'

/** How the rows that a policy is measured on were chosen among all. */
export interface Choice {
  /** Drawn at random: of a day's transactions only some are there. */
  readonly isSample: boolean
  /** A stretch of time whose rows were left out, in the time column's own unit. */
  readonly gap?: { readonly from: number; readonly to: number } | undefined
}

/** What the detector's policy would have done with the rows; money only where the amounts have one currency. */
export function measurePolicy(
  rows: LabelledRows,
  detector: Detector,
  scored: ScoredRows,
  choice: Choice,
): PolicyFigures {
  const { amount } = detector.transaction
  const figures = policyFigures({
    policy: policyOf(detector),
    labels: scored.labels,
    probabilities: scored.probabilities,
    weights: scored.weights,
    amounts: moneyOf(rows, scored.rows),
    digits: amount?.digits,
    days: daysOf(rows, scored.rows, choice),
  })
  return { ...figures, ...(typeof amount?.currency === 'string' && { currency: amount.currency }) }
}

/** The amounts of some rows, in major units; undefined where a sum of them has no meaning. */
export function moneyOf(rows: LabelledRows, part: Uint32Array): Float64Array | undefined {
  const amounts = comparableAmounts(rows)
  return amounts && pickNumbers(amounts, part)
}

/** The days that some rows took; undefined where they are a sample, have no time, or took less than a day. */
export function daysOf(rows: LabelledRows, part: Uint32Array, { isSample, gap }: Choice): TestDays | undefined {
  const { times } = rows
  if (isSample || times === undefined) return undefined
  const toMs = millisecondsOf(rows)
  return testDays(pickNumbers(times, part).map(toMs), gap && { fromMs: toMs(gap.from), toMs: toMs(gap.to) })
}

/** From the time column's own unit. */
export function millisecondsOf({ detector, isoTimes }: LabelledRows): (time: number) => number {
  const { time } = detector.transaction
  if (isoTimes || time === undefined || time.format === 'iso') return (each) => each
  return timeReader(time, () => 0)
}
